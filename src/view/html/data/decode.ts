import { parseJson } from '../../../model/json.ts';
import { ByteReader } from './bytes.ts';
import type { LogColumns, ReportData, ReportFacts } from './report-data.ts';

/** Reads what LogEncoder wrote. Throws RangeError or SyntaxError where the data is damaged. */
export function decodeReport(bytes: Uint8Array): ReportData {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  const [json = 0, ...lengths] = Array.from({ length: 8 }, () => reader.varint());
  const facts = parseJson(new TextDecoder().decode(reader.take(json))) as ReportFacts;
  const [seq, container, seconds, nanos, flags, length, text] = lengths.map((size) => reader.take(size));
  return {
    facts,
    logs: {
      count,
      seq: sums(count, seq),
      container: values(count, container),
      seconds: Int32Array.from(signedSums(count, seconds)),
      nanos: Uint32Array.from(signedSums(count, nanos)),
      flags: flags ?? new Uint8Array(),
      ends: sums(count, length),
      text: text ?? new Uint8Array(),
    } satisfies LogColumns,
  };
}

function values(count: number, bytes: Uint8Array = new Uint8Array()): Uint32Array {
  const reader = new ByteReader(bytes);
  const result = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) result[index] = reader.varint();
  return result;
}

function sums(count: number, bytes: Uint8Array = new Uint8Array()): Uint32Array {
  const reader = new ByteReader(bytes);
  const result = new Uint32Array(count);
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum += reader.varint();
    result[index] = sum;
  }
  return result;
}

function signedSums(count: number, bytes: Uint8Array = new Uint8Array()): Float64Array {
  const reader = new ByteReader(bytes);
  const result = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum += reader.signed();
    result[index] = sum;
  }
  return result;
}
