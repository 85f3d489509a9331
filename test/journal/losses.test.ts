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

test('a state that came late is lost from when it was written', () => {
  const { from, to } = new Losses().lossOf(state(24, 6)) ?? {};
  assert.deepEqual([from, to], [at(6), at(24)]);
});

test('where the clock is behind the one that states were written by, that is taken into account', () => {
  const losses = new Losses();
  losses.lossOf(state(3, 6));
  assert.equal(losses.lossOf(state(24, 20))?.from, at(17));
});

test('a state that says nothing of its time is lost when it came', () => {
  const record = state(24, 6);
  const { managedFields: _, ...metadata } = record.object.metadata;
  assert.equal(new Losses().lossOf({ ...record, object: { ...record.object, metadata } })?.from, at(24));
});
