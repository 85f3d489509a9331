import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Brought, laterRunAt } from '../../src/logs/later-run.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';

/** The run ended in second 5, which is all that its status tells. */
const VIEW = { finishedAt: at(5) };

function at(seconds: number): Timestamp {
  return timestampOf(Date.UTC(2026, 10, 23, 12) + seconds * 1000);
}

function stream(first: number, last: number, goesOn = false): Brought {
  return { first: at(first), last: at(last), goesOn };
}

for (const [what, streams, expected] of [
  ['began after the end', [stream(7, 8)], 0],
  ['began in the second of the end and went on after it', [stream(5.75, 7.2)], 0],
  [
    'began before that second, and whose last lines were read out of their pipe late, is its own:',
    [stream(1, 6.5)],
    -1,
  ],
  ['ended within that second may be its own:', [stream(5.1, 5.9)], -1],
  ['shows the log of one that began after the end', [stream(1, 4), stream(7, 8), stream(9, 9, true)], 1],
  ['shows by its last lines what the one before had shown', [stream(1, 4), stream(5.5, 5.6), stream(7, 8, true)], 1],
  ['goes on with lines from before the end is its own:', [stream(1, 4), stream(7, 7, true)], -1],
  ['brought nothing', [{ first: undefined, last: undefined, goesOn: false }], -1],
] as const)
  test(`of a run that has ended, a stream that ${what} ${expected === -1 ? 'kept' : `stream ${expected} and later ones are given back`}`, () => {
    assert.equal(laterRunAt(streams, VIEW), expected);
    assert.equal(laterRunAt(streams, { finishedAt: undefined }), -1);
  });
