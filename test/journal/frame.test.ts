import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeBody,
  decodeLines,
  encodeFrame,
  FRAME_HEADER_BYTES,
  type Frame,
  type LogHeader,
  placeFrame,
} from '../../src/journal/frame.ts';
import { Gathering } from '../../src/model/gathering.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { log, note } from './sample.ts';

const LINE = `${'2026-11-23T12:00:05.000000000Z a line as there are many'}\n`;
/** Node makes small buffers out of one of this size. */
const POOL_BYTES = 64 * 1024;

/** What a frame holds of memory while it waits for the disk, beside what it came from. */
function heldBytes(record: JournalRecord, raw: Buffer | undefined): number {
  const memory = new Set(encodeFrame(record).map(({ buffer }) => buffer));
  if (raw !== undefined) memory.delete(raw.buffer);
  return [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

test('a frame that waits for the disk keeps no more memory than it has bytes', () => {
  const raw = Buffer.alloc(1024 * 1024, LINE);
  assert.ok(heldBytes(log(raw), raw) <= 2 * POOL_BYTES, `${heldBytes(log(raw), raw)} bytes for lines`);
  const text = note(LINE.repeat(20_000));
  assert.ok(heldBytes(text, undefined) <= 2 * POOL_BYTES, `${heldBytes(text, undefined)} bytes for a record`);
});

function placed(frame: Frame): Frame {
  placeFrame(frame, { salt: 1, segment: 1, offset: 28 });
  return frame;
}

test('lines in pieces are written as if they were one, and put together only where they are compressed', () => {
  const bench = new Gathering();
  for (const lines of [3000, 1, 200])
    for (const isPlain of [true, false]) {
      const whole = log(Buffer.from(LINE.repeat(lines)));
      const pieces = Array.from({ length: lines }, (_, at) =>
        whole.bytes.subarray(at * LINE.length, (at + 1) * LINE.length),
      );
      const untouched = () => assert.fail('they were put together');
      const inPieces = Object.defineProperty({ ...whole, pieces }, 'bytes', { get: untouched, enumerable: true });
      const [frame, expected] = [inPieces, whole].map((each) => placed(encodeFrame(each, { isPlain, bench })));
      assert.deepEqual(Buffer.concat(frame ?? []), Buffer.concat(expected ?? []), `${lines} lines, plain: ${isPlain}`);
    }
});

test('lines of any number come back as they were, however they were packed, and larger blocks are packed smaller', () => {
  const packed: number[] = [];
  for (let bytes = 1; bytes < 20_000; bytes += bytes < 4096 ? 61 : 977)
    for (const isPlain of [true, false]) {
      const raw = Buffer.from(LINE.repeat(400)).subarray(0, bytes);
      raw.writeUInt8(bytes % 251, bytes - 1);
      const whole = Buffer.concat(encodeFrame(log(raw), { isPlain })).subarray(FRAME_HEADER_BYTES);
      assert.deepEqual(decodeLines(whole, decodeBody(whole) as LogHeader), raw, `${bytes} bytes`);
      if (!isPlain && bytes >= 512) packed.push(whole.length / bytes);
    }
  assert.ok(Math.max(...packed) < 1 && (packed.at(-1) ?? 1) < 0.1, String(packed));
});
