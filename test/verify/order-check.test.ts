import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimelineEntry } from '../../src/story/document.ts';
import type { StoryHead } from '../../src/story/reader.ts';
import { OrderCheck } from '../../src/verify/order-check.ts';
import { Problems } from '../../src/verify/problems.ts';

const time = (second: string) => `2026-11-25T12:00:${second}`.padEnd(29, '0').concat('Z');
const at = (seq: number, second: string) => ({ seq, time: time(second), observed: time('30.'), timeSource: 'status' });
const started = { type: 'lifecycle', what: 'started', object: 0, container: 0 };
const log = { type: 'log', container: 0, stream: 'stdout', line: 'x' };
const other = { type: 'lifecycle', what: 'scheduled', object: 1 };

/** A story of one run with a line, and what is wrong with its order. */
function problemsOf(entries: readonly object[]): readonly string[] {
  const problems = new Problems();
  const head = { containers: [{ object: 0, ledger: { lines: 1 } }] };
  // What this check reads of a head and of entries, and no more.
  const check = new OrderCheck(head as unknown as StoryHead, problems);
  for (const entry of entries) check.take(entry as TimelineEntry);
  return problems.first;
}

test('a start that was told late stands before the first line of its run, behind what happened in between', () => {
  const entries = [
    { ...at(0, '01.500'), ...other },
    { ...at(1, '01.'), ...started },
    { ...at(2, '01.600'), ...log },
  ];
  assert.deepEqual(problemsOf(entries), []);
});

test('a start behind its first line, or before one that is older than what stands before both, is out of order', () => {
  const late = [
    { ...at(0, '01.500'), ...other },
    { ...at(1, '01.'), ...started },
    { ...at(2, '01.400'), ...log },
  ];
  assert.match(problemsOf(late).join(), /entry 1 stands behind a later one/);
});
