import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure } from '../../src/logs/blocks.ts';
import { piecesOf } from '../../src/logs/pieces.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';

const START = Date.parse('2026-11-23T12:00:00Z');

/** A block of lines at some milliseconds, each with so many bytes. */
function blockOf(lines: readonly (readonly [ms: number, bytes: number])[]) {
  const text = lines.map(([ms, bytes]) => `${timestampOf(START + ms)} ${'x'.repeat(bytes)}\n`).join('');
  const { block } = measure(Buffer.from(text));
  assert.ok(block !== undefined);
  return block;
}

function sinceStart(time: Timestamp): number {
  return Date.parse(`${time.slice(0, 23)}Z`) - START;
}

test('a block of a short time is one piece', () => {
  const block = blockOf([0, 50, 120].map((ms) => [ms, 10]));
  assert.deepEqual(piecesOf(block), [{ last: block.last, share: 1 }]);
});

test('a block of seconds is of pieces that each end with a line, and are all of it', () => {
  const block = blockOf(Array.from({ length: 100 }, (_, at) => [at * 50, 20]));
  const pieces = piecesOf(block);
  assert.equal(pieces.length, 16);
  let lines = 0;
  for (const { last, share } of pieces) {
    lines += Math.round(share * 100);
    assert.equal(sinceStart(last), (lines - 1) * 50);
  }
  assert.equal(lines, 100);
});

test('a line that is longer than a piece ends the one that it began in', () => {
  const block = blockOf([
    [0, 10],
    [1000, 5000],
    [2000, 10],
  ]);
  const pieces = piecesOf(block);
  assert.deepEqual(
    pieces.map(({ last }) => sinceStart(last)),
    [0, 2000],
  );
  assert.equal(
    pieces.reduce((sum, { share }) => sum + share, 0),
    1,
  );
});
