import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { StoredChange } from '../../../src/demo/store.ts';
import { isEqual } from '../../../src/model/json-equal.ts';
import { groupResourceOf } from '../../../src/model/resource.ts';
import { millisecondsOf, type Timestamp } from '../../../src/model/time.ts';
import { checkHead } from '../../../src/verify/head-check.ts';
import { Problems } from '../../../src/verify/problems.ts';
import { TimelineCheck } from '../../../src/verify/timeline-check.ts';
import { covers, iso, SLACK_MS } from './intervals.ts';
import { judgeLogs } from './judge-logs.ts';
import { type Recorded, readStory } from './recorded.ts';
import type { Told } from './simulate.ts';
import type { ReadStory } from './story.ts';
import { noVerdict, type Verdict } from './verdict.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];

/** What one story is compared with. */
export interface Judged extends Told {
  readonly recorded: Recorded;
  readonly verdict: Verdict;
  /** The recorder was killed: what it had not heard of yet is not in its story, and no gap tells of it. */
  readonly isKilled: boolean;
}

/** Compares a story with the truth: exact, or a stated gap that covers what is missing; anything else throws. */
export function judge(told: Told): Verdict {
  const { head } = told.story;
  verify(told.story);
  const recorded = readStory(told.story);
  const verdict = noVerdict();
  const isKilled = head.metadata.ended === 'killed';
  // What happened after the last word of a recorder that was killed is not in its story.
  const to = isKilled ? Math.min(told.to, millisecondsOf(head.metadata.endTime as Timestamp) - told.skewMs) : told.to;
  const judged = { ...told, to, recorded, verdict, isKilled };
  for (const storage of STORAGES) judgeStates(judged, storage);
  judgeLogs(judged);
  const isExact = verdict.statesMissing === 0 && verdict.linesMissing === 0;
  verdict.stories = 1;
  verdict.killed = isKilled ? 1 : 0;
  assert.ok(isExact || !head.metadata.complete, 'called complete, and is not');
  if (isExact && !isKilled && !head.metadata.complete) verdict.storiesOverstated = 1;
  return verdict;
}

/** As `faro verify` does. */
function verify({ head, timeline }: ReadStory): void {
  const problems = new Problems();
  checkHead(head, problems);
  const check = new TimelineCheck(head, problems);
  for (const entry of timeline) check.take(entry);
  check.finish();
  assert.deepEqual(problems.first, [], `the story contradicts itself: ${problems.first.join('; ')}`);
}

function judgeStates(judged: Judged, storage: string): void {
  const { cluster, recorded } = judged;
  const type = STORED_TYPES.get(storage) ?? cluster.type(storage);
  STORED_TYPES.set(storage, type);
  const byUid = Map.groupBy(cluster.store.everything(type), ({ object }) => object.metadata.uid);
  for (const [uid, changes] of byUid) {
    const states = recorded.states.get(uid) ?? [];
    const name = `${groupResourceOf(type)} ${changes[0]?.object.metadata.name}`;
    const versions = states.map(({ resourceVersion }) => resourceVersion);
    assert.deepEqual([...new Set(versions)], versions, `a state twice: ${name}`);
    const known = new Map(states.map(({ resourceVersion, state }, at) => [resourceVersion, { state, at }]));
    const order = changes.flatMap(({ object }) => known.get(object.metadata.resourceVersion)?.at ?? []);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      `states out of order: ${name}`,
    );
    assert.equal(order.length, versions.length, `a state that never was: ${name}`);
    for (const { object } of changes) {
      const found = known.get(object.metadata.resourceVersion);
      const isSame = found === undefined || isEqualState(found.state, object);
      assert.ok(isSame, `another state than there was: ${name} at ${object.metadata.resourceVersion}`);
    }
    judgeMissing(judged, { storage, name, changes, isKnown: (version) => known.has(version) });
  }
}

/** Of nearly all each field is the same; what JSON does not write of the others makes no difference. */
function isEqualState(state: unknown, object: unknown): boolean {
  return isEqual(state, object) || JSON.stringify(state) === JSON.stringify(object) || isDeepStrictEqual(state, object);
}

function judgeMissing(
  { recorded, verdict, from, to, skewMs, isKilled }: Judged,
  {
    storage,
    name,
    changes,
    isKnown,
  }: {
    readonly storage: string;
    readonly name: string;
    readonly changes: readonly StoredChange[];
    readonly isKnown: (resourceVersion: string) => boolean;
  },
): void {
  const gaps = recorded.gaps.get(storage) ?? [];
  const lastKnown = changes.findLastIndex(({ object }) => isKnown(object.metadata.resourceVersion));
  for (const [at, { object, time, type }] of changes.entries()) {
    const { resourceVersion } = object.metadata;
    verdict.states += 1;
    if (isKnown(resourceVersion)) continue;
    const until = changes[at + 1]?.time ?? (type === 'DELETED' ? time : Number.POSITIVE_INFINITY);
    if (until <= from + SLACK_MS || time >= to) continue; // before the recording, or after it
    if (isKilled && at > lastKnown) continue; // not heard of yet
    verdict.statesMissing += 1;
    assert.ok(
      covers(gaps, time + skewMs, SLACK_MS),
      `no gap covers ${name} at ${resourceVersion}, ${iso(time)} (${type})`,
    );
  }
}

/** A type may not be served at the end. */
const STORED_TYPES = new Map<string, ReturnType<Told['cluster']['type']>>();
