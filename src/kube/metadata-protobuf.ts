import { bytesIn, fieldsOf } from './protobuf.ts';

/**
 * The protobuf form of a watch of metadata, which costs a fraction of its JSON: what Faro needs to place an object (its
 * names and its owners) is read from the bytes, and the rest is stepped over. What comes out has the shape of the JSON.
 * Numbers of fields: apimachinery's generated.proto of meta/v1 and runtime.
 */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Before each document; its envelope says of which kind it is. */
const MAGIC = Buffer.from('k8s\0', 'latin1');

/** One frame of a watch: `{ type, object }`. Throws FaroError `protocol` for what is none. */
export function readWatchEvent(frame: Buffer): { readonly type: string; readonly object: unknown } {
  const type = textIn(frame, 1) ?? '';
  const raw = bytesIn(bytesIn(frame, 2) ?? NOTHING, 1) ?? NOTHING;
  return { type, object: readDocument(raw, { annotations: type === 'BOOKMARK' }) };
}

/** A document in its envelope: a Status, or the metadata of an object. */
export function readDocument(bytes: Buffer, options = { annotations: false }): unknown {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const envelope = bytes.subarray(MAGIC.length);
  const kind = textIn(bytesIn(envelope, 1) ?? NOTHING, 2);
  const raw = bytesIn(envelope, 2) ?? NOTHING;
  return kind === 'Status' ? readStatus(raw) : { metadata: readMetadata(bytesIn(raw, 1) ?? NOTHING, options) };
}

const NOTHING = Buffer.alloc(0);

function readMetadata(bytes: Buffer, options: { readonly annotations: boolean }): object {
  const texts: Record<string, string> = {};
  const ownerReferences: object[] = [];
  const annotations: Record<string, string> = {};
  for (const { number, value } of fieldsOf(bytes)) {
    if (!Buffer.isBuffer(value)) continue;
    const name = NAMES[number];
    if (name !== undefined) texts[name] = value.toString();
    else if (number === OWNER_REFERENCES) ownerReferences.push(readOwner(value));
    else if (number === ANNOTATIONS && options.annotations)
      annotations[textIn(value, 1) ?? ''] = textIn(value, 2) ?? '';
  }
  if (options.annotations) return { ...texts, annotations };
  return ownerReferences.length === 0 ? texts : { ...texts, ownerReferences };
}

/** Fields of ObjectMeta that hold a text. */
const NAMES: Readonly<Record<number, string>> = { 1: 'name', 3: 'namespace', 5: 'uid', 6: 'resourceVersion' };
const ANNOTATIONS = 12;
const OWNER_REFERENCES = 13;

function readOwner(bytes: Buffer): object {
  const owner = { apiVersion: textIn(bytes, 5), kind: textIn(bytes, 1), name: textIn(bytes, 3), uid: textIn(bytes, 4) };
  return numberIn(bytes, 6) === 1 ? { ...owner, controller: true } : owner;
}

function readStatus(bytes: Buffer): object {
  const details = bytesIn(bytes, 5);
  return {
    kind: 'Status',
    message: textIn(bytes, 3),
    reason: textIn(bytes, 4),
    code: numberIn(bytes, 6),
    ...(details === undefined ? {} : { details: { retryAfterSeconds: numberIn(details, 5) || undefined } }),
  };
}

function textIn(message: Buffer, number: number): string | undefined {
  return bytesIn(message, number)?.toString();
}

function numberIn(message: Buffer, number: number): number | undefined {
  for (const { number: own, value } of fieldsOf(message)) if (own === number && typeof value === 'number') return value;
  return undefined;
}
