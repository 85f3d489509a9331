import { hash } from 'node:crypto';
import type { FilePosition } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import type { Pending } from './cri.ts';

/** A record of a log file, by which its place in a file is known again. */
export interface Proof {
  /** Bytes of the record, its newline included. */
  readonly length: number;
  matches(bytes: Buffer): boolean;
}

/** Of the beginning of a file, where nothing was read yet. */
export const NO_PROOF: Proof = { length: 0, matches: () => true };

/** By the last of some whole records. */
export function proofOf(bytes: Buffer): Proof {
  const record = Buffer.from(lastRecord(bytes));
  return { length: record.length, matches: (other) => other.equals(record) };
}

/** By what a journal keeps: lines in it may have been redacted, so that it holds no more than a hash. */
export function proofAt({ length, sha256 }: FilePosition): Proof {
  return { length, matches: (bytes) => bytes.length === length && hashOf(bytes) === sha256 };
}

/** Where a reading goes on behind some whole records of a file. */
export function positionAfter(records: {
  readonly file: string;
  readonly offset: number;
  readonly bytes: Buffer;
  readonly last: Timestamp;
  readonly pending: Pending;
}): FilePosition {
  const { file, offset, bytes, last, pending } = records;
  const record = lastRecord(bytes);
  const open = pending.stdout === undefined && pending.stderr === undefined ? {} : { open: pending };
  return { file, offset: offset + bytes.length, length: record.length, sha256: hashOf(record), last, ...open };
}

function lastRecord(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.length < 2 ? 0 : bytes.lastIndexOf(10, bytes.length - 2) + 1);
}

function hashOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64');
}
