import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletionRequestOf } from '../../src/model/deletion.ts';

const META = { name: 'web-0', uid: 'web-0', resourceVersion: '1' };
const DUE = '2026-11-26T10:00:30Z';

for (const [what, metadata, expected] of [
  ['of an object that nobody deletes', {}, undefined],
  ['with a grace period', { deletionTimestamp: DUE, deletionGracePeriodSeconds: 30 }, ['10:00:00', 30]],
  ['without one', { deletionTimestamp: DUE }, ['10:00:30', 0]],
  ['of an unreadable time', { deletionTimestamp: 'soon' }, undefined],
  ['of a time that no clock shows', { deletionTimestamp: DUE, deletionGracePeriodSeconds: 1e300 }, undefined],
] as const)
  test(`the request for a deletion ${what}`, () => {
    const request = deletionRequestOf({ ...META, ...metadata });
    assert.deepEqual(request && [request.time.slice(11, 19), request.gracePeriodSeconds], expected);
  });
