import assert from 'node:assert/strict';
import { groupResourceOf } from '../../../src/model/resource.ts';
import { covers, iso, SLACK_MS } from './intervals.ts';
import { judgeLogs } from './judge-logs.ts';
import { type Recorded, readRecords } from './recorded.ts';
import type { Outcome } from './simulate.ts';
import { noVerdict, type Verdict } from './verdict.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];

/** Compares a recording with the truth: exact, or a stated gap that covers what is missing; anything else throws. */
export function judge(outcome: Outcome): Verdict {
  const recorded = readRecords(outcome.records);
  const verdict = noVerdict();
  for (const storage of STORAGES) judgeStates(outcome, { recorded, storage, verdict });
  judgeLogs(outcome, recorded, verdict);
  return verdict;
}

function judgeStates(
  { cluster, from, to, skewMs }: Outcome,
  { recorded, storage, verdict }: { readonly recorded: Recorded; readonly storage: string; readonly verdict: Verdict },
): void {
  const gaps = recorded.gaps.get(storage) ?? [];
  const type = STORED_TYPES.get(storage) ?? cluster.type(storage);
  STORED_TYPES.set(storage, type);
  const byUid = Map.groupBy(cluster.store.everything(type), ({ object }) => object.metadata.uid);
  for (const [uid, changes] of byUid) {
    const versions = recorded.versions.get(uid) ?? [];
    const name = `${groupResourceOf(type)} ${changes[0]?.object.metadata.name}`;
    assert.deepEqual([...new Set(versions)], versions, `a state twice: ${name}`);
    const known = new Map(versions.map((version, at) => [version, at]));
    const order = changes.flatMap(({ object }) => known.get(object.metadata.resourceVersion) ?? []);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      `states out of order: ${name}`,
    );
    assert.equal(order.length, versions.length, `a state that never was: ${name}`);
    for (const [at, { object, time, type }] of changes.entries()) {
      verdict.states += 1;
      if (known.has(object.metadata.resourceVersion)) continue;
      const until = changes[at + 1]?.time ?? (type === 'DELETED' ? time : Number.POSITIVE_INFINITY);
      if (until <= from + SLACK_MS || time >= to) continue; // before the recording, or after it
      verdict.statesMissing += 1;
      const { resourceVersion } = object.metadata;
      assert.ok(
        covers(gaps, time + skewMs, SLACK_MS),
        `no gap covers ${name} at ${resourceVersion}, ${iso(time)} (deleted: ${changes[at]?.type})`,
      );
    }
  }
}

/** A type may not be served at the end. */
const STORED_TYPES = new Map<string, ReturnType<Outcome['cluster']['type']>>();
