import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Losses } from '../../src/journal/losses.ts';
import type { ObjectRecord } from '../../src/model/record.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';

function at(second: number): Timestamp {
  return timestampOf(Date.UTC(2026, 10, 23, 12, 0, 0) + second * 1000);
}

/** A state that came to the recorder in a second of its clock, and says when it was written by the server's. */
function state(observed: number, written: number): ObjectRecord {
  const time = at(written);
  const metadata = { name: 'web', namespace: 'shop', uid: 'p1', resourceVersion: String(written) };
  return {
    ...{ kind: 'object', observed: at(observed), action: 'changed', resource: 'pods', redactions: 0 },
    object: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, managedFields: [{ manager: 'kubelet', time }] } },
  };
}

const HOLD = { cause: 'disk-full', evidence: 'no room' } as const;

/** From when to when the gap of some lost states is, after others that were kept. */
function gapOf(lost: readonly ObjectRecord[], kept: readonly ObjectRecord[] = [], aheadMs?: () => number) {
  const losses = new Losses(aheadMs);
  for (const record of lost) {
    const loss = losses.lossOf(record);
    if (loss !== undefined) losses.add(loss, HOLD);
  }
  for (const record of kept) losses.lossOf(record);
  const gaps = losses.tell(at(30)).flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
  return gaps.map(({ from, to }) => [from, to]);
}

test('a state that came late is missing from when it was written', () => {
  assert.deepEqual(gapOf([state(24, 6), state(25, 24)]), [[at(6), at(25)]]);
});

test('where the clock is behind the one that states were written by, that is taken into account, once it is known', () => {
  assert.deepEqual(gapOf([state(24, 20)], [state(25, 28)]), [[at(17), at(24)]]);
});

test('where all states come late, the difference of the clocks tells when they were written by the recorder’s', () => {
  assert.deepEqual(
    gapOf([state(24, 26)], [], () => -180_000),
    [[at(26 - 180), at(24)]],
  );
  assert.deepEqual(
    gapOf([state(200, 6)], [], () => 180_000),
    [[at(186), at(200)]],
  );
});

test('a state that says nothing of its time is missing from when it came', () => {
  const record = state(24, 6);
  const { managedFields: _, ...metadata } = record.object.metadata;
  assert.deepEqual(gapOf([{ ...record, object: { ...record.object, metadata } }]), [[at(24), at(24)]]);
});
