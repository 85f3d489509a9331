import type { ManagedFields, ObjectMeta, OwnerReference } from '../model/resource.ts';

/**
 * What the API server encodes in protobuf for Faro: an object's metadata, a list of these, or a Status. Numbers of fields:
 * apimachinery's generated.proto of meta/v1 and runtime. As there, a text that is empty is written all the same.
 */
export interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Partial<ObjectMeta> & ListMeta;
  readonly items?: readonly { readonly metadata: ObjectMeta }[];
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
}

interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** A number, a text, or a message within; what is undefined is left out. */
export type Field = readonly [number: number, value: number | string | Buffer | undefined];

/** A message of these fields. Numbers must be whole and not negative. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (value === undefined) return [];
      if (typeof value === 'number') return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

/** A document in its envelope. */
export function protobufDocument(document: Document): Buffer {
  const typeMeta = message([1, document.apiVersion], [2, document.kind]);
  return Buffer.concat([Buffer.from('k8s\0'), message([1, typeMeta], [2, bodyOf(document)], [3, ''], [4, ''])]);
}

/** A frame of a watch, after its length. */
export function protobufFrame(type: string, object: Document): Buffer {
  const event = message([1, type], [2, message([1, protobufDocument(object)])]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function bodyOf(document: Document): Buffer {
  const { kind, metadata, items = [], status, message: text, reason, code } = document;
  if (kind === 'Status') return message([2, status], [3, text], [4, reason], [6, code]);
  if (kind !== 'PartialObjectMetadataList') return message([1, metadataOf(metadata)]);
  const { resourceVersion, continue: next, remainingItemCount } = metadata;
  return message(
    [1, message([1, ''], [2, resourceVersion], [3, next ?? ''], [4, remainingItemCount])],
    ...items.map((item): Field => [2, message([1, metadataOf(item.metadata)])]),
  );
}

function metadataOf(metadata: Partial<ObjectMeta>): Buffer {
  const { creationTimestamp, deletionTimestamp, labels, annotations, ownerReferences = [] } = metadata;
  return message(
    ...([
      [1, metadata.name ?? ''],
      [2, ''],
      [3, metadata.namespace ?? ''],
      [4, ''],
      [5, metadata.uid ?? ''],
      [6, metadata.resourceVersion ?? ''],
      [7, metadata.generation ?? 0],
      [8, timeOf(creationTimestamp) ?? Buffer.alloc(0)],
      [9, timeOf(deletionTimestamp)],
    ] as const),
    ...entries(11, labels),
    ...entries(12, annotations),
    ...ownerReferences.map((owner): Field => [13, ownerOf(owner)]),
    ...(metadata.managedFields ?? []).map((entry): Field => [17, managedOf(entry)]),
  );
}

function entries(number: number, map: Readonly<Record<string, string>> = {}): Field[] {
  return Object.entries(map).map(([key, value]) => [number, message([1, key], [2, value])]);
}

function ownerOf({ kind, name, uid, apiVersion, controller }: OwnerReference): Buffer {
  return message(
    [1, kind],
    [3, name],
    [4, uid],
    [5, apiVersion],
    [6, controller === undefined ? undefined : Number(controller)],
  );
}

function managedOf({ manager = '', operation = '', time, fieldsV1, subresource = '' }: ManagedFields): Buffer {
  const fields = fieldsV1 === undefined ? undefined : message([1, JSON.stringify(fieldsV1)]);
  return message(
    [1, manager],
    [2, operation],
    [3, 'v1'],
    [4, timeOf(time)],
    [6, 'FieldsV1'],
    [7, fields],
    [8, subresource],
  );
}

/** Whole seconds, as the JSON has them. */
function timeOf(time: string | undefined): Buffer | undefined {
  return time === undefined ? undefined : message([1, Math.floor(Date.parse(time) / 1000)], [2, 0]);
}
