import { ProtobufFields } from './protobuf.ts';

/**
 * The protobuf form of a watch or a list of metadata, which costs a fraction of its JSON: what Faro needs to place an object
 * (its names and its owners) is read from the bytes, and the rest is stepped over. What comes out has the shape of the JSON.
 * Numbers of fields: apimachinery's generated.proto of meta/v1 and runtime.
 */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Before each document; its envelope says of which kind it is. */
const MAGIC = Buffer.from('k8s\0', 'latin1');

/** One frame of a watch: `{ type, object }`. Throws FaroError `protocol` for what is none. */
export function readWatchEvent(frame: Buffer): { readonly type: string; readonly object: unknown } {
  let type = '';
  let raw = NOTHING;
  for (const event = new ProtobufFields(frame); event.next(); ) {
    if (!event.holdsBytes) continue;
    if (event.number === 1) type = event.text;
    if (event.number === 2) raw = bytesIn(event.fields, 1);
  }
  return { type, object: readDocument(raw, { annotations: type === 'BOOKMARK' }) };
}

/**
 * A document in its envelope: a Status, the metadata of an object, or a list of these; undefined without an envelope. Throws
 * FaroError `protocol` for what is no message.
 */
export function readDocument(bytes: Buffer, options = { annotations: false }): unknown {
  if (bytes.length < MAGIC.length || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return undefined;
  let kind: string | undefined;
  let raw = NOTHING;
  for (const envelope = new ProtobufFields(bytes, MAGIC.length); envelope.next(); ) {
    if (!envelope.holdsBytes) continue;
    if (envelope.number === 1) kind = textIn(envelope.fields, 2);
    if (envelope.number === 2) raw = envelope.bytes;
  }
  const fields = new ProtobufFields(raw);
  if (kind === 'Status') return readStatus(fields);
  return kind === 'PartialObjectMetadataList' ? readObjects(fields) : readObject(fields, options);
}

const NOTHING: Buffer = Buffer.alloc(0);

function readObjects(fields: ProtobufFields): object {
  let metadata = {};
  const items: object[] = [];
  while (fields.next()) {
    if (!fields.holdsBytes) continue;
    if (fields.number === 1) metadata = readListMetadata(fields.fields);
    if (fields.number === 2) items.push(readObject(fields.fields, { annotations: false }));
  }
  return { metadata, items };
}

function readListMetadata(fields: ProtobufFields): object {
  const metadata: Record<string, string | number> = {};
  while (fields.next()) {
    if (fields.number === 4 && !fields.holdsBytes) metadata.remainingItemCount = fields.value;
    if (fields.number === 2 && fields.holdsBytes) metadata.resourceVersion = fields.text;
    if (fields.number === 3 && fields.holdsBytes) metadata.continue = fields.text;
  }
  return metadata;
}

function readObject(fields: ProtobufFields, options: { readonly annotations: boolean }): object {
  let metadata: ProtobufFields | undefined;
  while (fields.next()) if (fields.number === 1 && fields.holdsBytes) metadata = fields.fields;
  return { metadata: metadata === undefined ? {} : readMetadata(metadata, options) };
}

function readMetadata(fields: ProtobufFields, options: { readonly annotations: boolean }): object {
  const metadata: Record<string, unknown> = {};
  const ownerReferences: object[] = [];
  const annotations: Record<string, string> = {};
  while (fields.next()) {
    if (!fields.holdsBytes) continue;
    const name = NAMES[fields.number];
    if (name !== undefined) {
      const { text } = fields;
      if (text !== '') metadata[name] = text; // Go writes an empty one, too, where its JSON leaves it out
    } else if (fields.number === OWNER_REFERENCES) ownerReferences.push(readOwner(fields.fields));
    else if (fields.number === ANNOTATIONS && options.annotations)
      annotations[textIn(fields.fields, 1) ?? ''] = textIn(fields.fields, 2) ?? '';
  }
  if (options.annotations) metadata.annotations = annotations;
  else if (ownerReferences.length > 0) metadata.ownerReferences = ownerReferences;
  return metadata;
}

/** Fields of ObjectMeta that hold a text. */
const NAMES: Readonly<Record<number, string>> = { 1: 'name', 3: 'namespace', 5: 'uid', 6: 'resourceVersion' };
const ANNOTATIONS = 12;
const OWNER_REFERENCES = 13;

function readOwner(fields: ProtobufFields): object {
  const owner: Record<string, unknown> = {};
  while (fields.next()) {
    const name = OWNER_NAMES[fields.number];
    if (fields.holdsBytes && name !== undefined) owner[name] = fields.text;
    if (fields.number === 6 && fields.value === 1) owner.controller = true;
  }
  return owner;
}

const OWNER_NAMES: Readonly<Record<number, string>> = { 1: 'kind', 3: 'name', 4: 'uid', 5: 'apiVersion' };

function readStatus(fields: ProtobufFields): object {
  const status: Record<string, unknown> = { kind: 'Status' };
  while (fields.next()) {
    if (fields.number === 3) status.message = fields.text;
    if (fields.number === 4) status.reason = fields.text;
    if (fields.number === 5) status.details = { retryAfterSeconds: numberIn(fields.fields, 5) || undefined };
    if (fields.number === 6) status.code = fields.value;
  }
  return status;
}

/** Of a field that comes several times the last counts, as the format demands. */
function bytesIn(fields: ProtobufFields, number: number): Buffer {
  let found = NOTHING;
  while (fields.next()) if (fields.number === number && fields.holdsBytes) found = fields.bytes;
  return found;
}

function textIn(fields: ProtobufFields, number: number): string | undefined {
  let found: string | undefined;
  while (fields.next()) if (fields.number === number && fields.holdsBytes) found = fields.text;
  return found;
}

function numberIn(fields: ProtobufFields, number: number): number | undefined {
  while (fields.next()) if (fields.number === number && !fields.holdsBytes) return fields.value;
  return undefined;
}
