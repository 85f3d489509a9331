import { FaroError } from '../model/errors.ts';

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * Steps through the fields of a protobuf message, in their order. Nothing is copied and nothing is made for a field that is
 * stepped over: watches bring thousands of messages a second, of which little is read.
 */
export class ProtobufFields {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #from = 0;
  #number = 0;
  #value = 0;
  #holdsBytes = false;

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  /** Goes to the next field that holds bytes or a number; false at the end. Throws FaroError `protocol` for what is no message. */
  next(): boolean {
    while (this.#at < this.#end) {
      const key = this.#varint();
      const wireType = key % 8;
      this.#number = Math.floor(key / 8);
      if (wireType === FIXED_64 || wireType === FIXED_32) {
        this.#at += wireType === FIXED_64 ? 8 : 4; // nothing that Faro reads
        if (this.#at > this.#end) throw malformed();
        continue;
      }
      if (wireType !== VARINT && wireType !== BYTES) throw malformed();
      this.#value = this.#varint();
      this.#holdsBytes = wireType === BYTES;
      this.#from = this.#at;
      if (this.#holdsBytes) this.#at += this.#value;
      if (this.#at > this.#end) throw malformed();
      return true;
    }
    return false;
  }

  get number(): number {
    return this.#number;
  }

  /** Whether the field holds bytes: a text, or a message within. */
  get holdsBytes(): boolean {
    return this.#holdsBytes;
  }

  /** Of a field that holds a number. Beyond 2^53 it loses its last digits: of what Faro reads nothing is as large. */
  get value(): number {
    return this.#value;
  }

  get text(): string {
    return this.#bytes.toString('utf8', this.#from, this.#at);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(this.#from, this.#at);
  }

  /** The fields of the message within. */
  get fields(): ProtobufFields {
    return new ProtobufFields(this.#bytes, this.#from, this.#at);
  }

  #varint(): number {
    let value = 0;
    let weight = 1;
    for (const last = Math.min(this.#end, this.#at + 10); this.#at < last; ) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
      weight *= 128;
    }
    throw malformed();
  }
}

function malformed(): FaroError {
  return new FaroError('protocol', 'the server sent what is no protobuf');
}
