import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure } from '../../src/logs/blocks.ts';
import { Generations } from '../../src/logs/generations.ts';
import { parseTimestamp, type Timestamp } from '../../src/model/time.ts';

const LIMIT = 1000;

function time(second: number): Timestamp {
  const text = parseTimestamp(`2026-11-23T12:00:${String(second).padStart(2, '0')}Z`);
  assert.ok(text);
  return text;
}

/** What a stream shows: a line of 300 bytes a second, at the seconds from the first to the last. */
class Shown {
  readonly generations = new Generations(() => LIMIT, LIMIT);

  lines(first: number, last: number) {
    return Array.from({ length: last - first + 1 }, (_, at) => first + at).flatMap((second) => {
      const { block } = measure(Buffer.from(`${time(second)} ${'x'.repeat(253)}\n`));
      assert.ok(block);
      return this.generations.take(block, second * 1000, { begin: time(1), isRising: true });
    });
  }

  /** Lines that come all at once. */
  late(first: number, last: number, { at, isRising = true }: { readonly at: number; readonly isRising?: boolean }) {
    const seconds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const { block } = measure(Buffer.from(seconds.map((second) => `${time(second)} ${'x'.repeat(253)}\n`).join('')));
    assert.ok(block);
    return this.generations.take(block, at * 1000, { begin: time(1), isRising });
  }

  saw(begin: number, at: number) {
    return this.generations.saw(time(begin), at * 1000);
  }
}

test('a file that cannot have grown to the size at which it is rotated need not be looked at', () => {
  const shown = new Shown();
  shown.lines(1, 2);
  assert.equal(shown.generations.mayHaveRotated, false);
  shown.lines(3, 4);
  assert.equal(shown.generations.mayHaveRotated, true);
});

test('while the first line stays the same, nothing was rotated', () => {
  const shown = new Shown();
  shown.lines(1, 5);
  assert.deepEqual(shown.saw(1, 6), []);
  assert.deepEqual(shown.generations.rest(undefined, false), []);
});

test('at a rotation lines may be missing between the last one before it and the first one of the new file', () => {
  const shown = new Shown();
  assert.deepEqual([...shown.lines(1, 4), ...shown.lines(8, 9)], []);
  assert.deepEqual(shown.saw(8, 9), [{ after: time(4), until: time(8) }]);
  assert.equal(shown.generations.mayHaveRotated, false);
});

test('the last line before a rotation is known, too, where it came at once with lines after it', () => {
  const shown = new Shown();
  shown.late(1, 12, { at: 13 });
  assert.deepEqual(shown.saw(8, 14), [{ after: time(7), until: time(8) }]);
});

test('of lines that came at once, and not in the order of their times, any may be the last one before a rotation', () => {
  const shown = new Shown();
  shown.lines(1, 2);
  shown.late(3, 12, { at: 10, isRising: false });
  assert.deepEqual(shown.saw(8, 11), [{ after: time(2), until: time(8) }]);
});

test('while a stream brought nothing for long, more than one file may have come and gone', () => {
  const shown = new Shown();
  shown.lines(1, 2);
  shown.late(3, 30, { at: 31 });
  assert.deepEqual(shown.saw(28, 32), [{ after: time(2), until: time(28) }]);
});

test('where a log was first shown after it may have been rotated, lines may be missing from its first one on', () => {
  const shown = new Shown();
  shown.late(1, 20, { at: 21 });
  assert.deepEqual(shown.saw(15, 40), [{ after: time(1), until: time(15) }]);
});

test('a new file that the stream has not come to yet is stated when it does', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  assert.deepEqual(shown.saw(6, 6), []);
  assert.ok(shown.generations.isBehind);
  assert.deepEqual(shown.lines(5, 5), []);
  assert.deepEqual(shown.lines(7, 7), [{ after: time(5), until: time(6) }]);
  assert.equal(shown.generations.isBehind, false);
});

test('a file that was passed over lies between the lines around it', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  shown.saw(6, 8);
  shown.saw(12, 13);
  assert.deepEqual(shown.lines(14, 14), [
    { after: time(4), until: time(6) },
    { after: time(4), until: time(12) },
  ]);
});

test('where it was not looked for long, more than one file may have come and gone', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  shown.saw(1, 5);
  shown.lines(6, 30);
  assert.deepEqual(shown.saw(28, 31), [{ after: time(4), until: time(28) }]);
});

test('a file that was never shown is missing to the end', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  shown.saw(6, 6);
  assert.deepEqual(shown.generations.rest(time(6), false), [{ after: time(4), until: undefined }]);
});

test('a file that began after the end is of the next instance', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  shown.saw(6, 6);
  assert.deepEqual(shown.generations.rest(time(5), false), []);
});

test('a file that may have been rotated since it was last looked at may lack what came since', () => {
  const shown = new Shown();
  shown.lines(1, 4);
  shown.saw(1, 5);
  shown.lines(6, 7);
  assert.deepEqual(shown.generations.rest(undefined, true), [{ after: time(4), until: undefined }]);
});

test('a stream that is left for the files may have missed lines only since the file was last known to be the same', () => {
  const shown = new Shown();
  shown.lines(1, 2);
  assert.deepEqual(shown.generations.left(), []);
  shown.lines(3, 5);
  assert.deepEqual(shown.generations.left(), [{ after: time(2), until: time(5) }]);
  shown.saw(1, 6);
  assert.deepEqual(shown.generations.left(), []);
});

test('what was supposed of a file while its limit was not known holds no more once it is', () => {
  let limit: number | undefined;
  const generations = new Generations(() => limit, 100 * LIMIT);
  const show = (second: number) => {
    const { block } = measure(Buffer.from(`${time(second)} ${'x'.repeat(253)}\n`));
    assert.ok(block);
    return generations.take(block, second * 1000, { begin: time(1), isRising: true });
  };
  for (let second = 1; second <= 20; second += 1) show(second);
  assert.equal(generations.mayHaveRotated, false);
  limit = LIMIT;
  assert.equal(generations.mayHaveRotated, true);
  assert.deepEqual(generations.rest(undefined, true), [{ after: undefined, until: undefined }]);
});
