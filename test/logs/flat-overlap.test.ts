import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure } from '../../src/logs/blocks.ts';
import { linesOf } from '../../src/logs/lines.ts';
import { LogCursor } from '../../src/logs/position.ts';
import { collect } from '../held-memory.ts';

const LINES = 300_000;
const BLOCK_LINES = 600;
const LINE_BYTES = 111;
const HALF_MIB = 512 * 1024;

/** A block of lines, which all come within one second, so that a resumed stream begins with every one of them. */
function block(first: number): Buffer {
  const lines = Array.from({ length: BLOCK_LINES }, (_, index) => {
    const number = String(first + index).padStart(9, '0');
    return `2026-11-26T12:00:05.${number}Z ${number} GET /cart ${'x'.repeat(60)}\n`;
  });
  return Buffer.from(lines.join(''));
}

/** What this process cannot let go of, in bytes. */
function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('however much a stream shows again, comparing it with what is known takes little memory', () => {
  for (const { title, maxBytes } of [
    { title: 'with the newest lines known', maxBytes: 8 * 1024 * 1024 },
    { title: 'with all known', maxBytes: 2 * LINES * LINE_BYTES },
  ]) {
    const cursor = new LogCursor(maxBytes);
    for (let at = 0; at < LINES; at += BLOCK_LINES) {
      const { block: lines } = measure(block(at));
      assert.ok(lines);
      cursor.remember(lines.bytes, lines.last);
    }
    const before = heldBytes();
    const matcher = cursor.resume()?.matcher;
    assert.ok(matcher);
    for (let at = 0; at < LINES; at += BLOCK_LINES)
      for (const line of linesOf(block(at))) assert.equal(matcher.accept(line).state, 'open');
    const held = heldBytes() - before;
    const known = Math.min(maxBytes, LINES * LINE_BYTES) / LINE_BYTES;
    assert.ok(held < known * 32 + HALF_MIB, `${title}: ${held} bytes held`);
    const [fresh] = linesOf(block(LINES));
    assert.ok(fresh);
    assert.deepEqual(matcher.accept(fresh), { state: 'joined', fresh: [fresh], repeats: LINES, isWhole: true });
  }
});
