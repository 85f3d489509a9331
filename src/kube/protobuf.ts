import { FaroError } from '../model/errors.ts';

/** What stands in a field: a number, or bytes (text, or a message within). */
export interface ProtobufField {
  readonly number: number;
  readonly value: number | Buffer;
}

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** The fields of a protobuf message, in their order; bytes are not copied. Throws FaroError `protocol` for what is none. */
export function* fieldsOf(message: Buffer): Generator<ProtobufField> {
  for (let at = 0; at < message.length; ) {
    const key = varintAt(message, at);
    const number = Math.floor(key.value / 8);
    const wireType = key.value % 8;
    if (wireType === FIXED_64 || wireType === FIXED_32) {
      at = key.end + (wireType === FIXED_64 ? 8 : 4); // nothing that Faro reads
      continue;
    }
    const { value, end } = varintAt(message, key.end);
    if (wireType !== VARINT && wireType !== BYTES) throw malformed();
    at = wireType === VARINT ? end : end + value;
    if (at > message.length) throw malformed();
    yield { number, value: wireType === VARINT ? value : message.subarray(end, at) };
  }
}

/** The bytes of a field that holds bytes; of one that comes several times the last, as the format demands. */
export function bytesIn(message: Buffer, number: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (const { number: own, value } of fieldsOf(message)) if (own === number && Buffer.isBuffer(value)) found = value;
  return found;
}

/** Numbers beyond 2^53 lose their last digits: of what Faro reads nothing is as large. */
function varintAt(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let weight = 1;
  for (let at = start; at < bytes.length && at < start + 10; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return { value, end: at + 1 };
    weight *= 128;
  }
  throw malformed();
}

function malformed(): FaroError {
  return new FaroError('protocol', 'the server sent what is no protobuf');
}
