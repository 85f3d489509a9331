import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writtenMs } from '../../src/model/written.ts';

const CREATED = { name: 'web', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' };
const SECONDS = (metadata: object) =>
  ((writtenMs({ ...CREATED, ...metadata }) ?? 0) - Date.UTC(2026, 10, 23, 12)) / 1000;
const at = (seconds: number) => `2026-11-23T12:00:${seconds}Z`;

test('an object was last written when it was made, or by the last of its writers', () => {
  assert.equal(SECONDS({}), 0);
  assert.equal(SECONDS({ managedFields: [{ time: at(30) }, { time: at(20) }, {}] }), 30);
});

test('an object that is being deleted was written when that was asked for, its grace before it is to be gone', () => {
  assert.equal(SECONDS({ deletionTimestamp: at(55), deletionGracePeriodSeconds: 30 }), 25);
  assert.equal(SECONDS({ deletionTimestamp: at(55), managedFields: [{ time: at(20) }] }), 55);
  assert.equal(
    SECONDS({ deletionTimestamp: at(55), deletionGracePeriodSeconds: 30, managedFields: [{ time: at(40) }] }),
    40,
  );
});

test('an object that tells no time was written nobody knows when', () => {
  assert.equal(writtenMs({ name: 'web', uid: 'u', resourceVersion: '1' }), undefined);
});
