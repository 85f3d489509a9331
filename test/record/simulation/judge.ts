import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { StoredChange } from '../../../src/demo/store.ts';
import { isEqual } from '../../../src/model/json-equal.ts';
import { groupOf, groupResourceOf } from '../../../src/model/resource.ts';
import { millisecondsOf, type Timestamp } from '../../../src/model/time.ts';
import { checkHead } from '../../../src/verify/head-check.ts';
import { Problems } from '../../../src/verify/problems.ts';
import { TimelineCheck } from '../../../src/verify/timeline-check.ts';
import { WIDGETS } from '../widgets.ts';
import { covers, iso, SLACK_MS } from './intervals.ts';
import { judgeLogs } from './judge-logs.ts';
import { type Recorded, readStory } from './recorded.ts';
import type { Told } from './simulate.ts';
import type { ReadStory } from './story.ts';
import { noVerdict, type Verdict } from './verdict.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];
/** What is missing of these is only told once the story has one of them. */
const STRANGERS = [WIDGETS, 'configmaps'];

/** What one story is compared with. */
export interface Judged extends Told {
  readonly recorded: Recorded;
  readonly verdict: Verdict;
  /** The recorder was killed: what it had not heard of yet is not in its story, and no gap tells of it. */
  readonly isKilled: boolean;
  /** UIDs of what was gone before the first list of its type. */
  readonly past: Set<string>;
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
  const judged = { ...told, to, recorded, verdict, isKilled, past: new Set<string>() };
  const has = new Set(
    head.objects.map(({ apiVersion, resource }) => groupResourceOf({ group: groupOf(apiVersion), resource })),
  );
  for (const storage of [...STORAGES, ...STRANGERS.filter((each) => has.has(each))]) judgeStates(judged, storage);
  judgeLogs(judged);
  if (head.metadata.ended.startsWith('until:')) judgeListed(judged);
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
    const last = changes.at(-1);
    const lists = [storage, `${storage}/${last?.object.metadata.name}`].map(
      (what) => judged.firstLists?.get(what) ?? 0,
    );
    const hasFailed = judged.began?.failed.has(storage) === true;
    const listed = hasFailed ? 0 : Math.max(...lists);
    if (last?.type === 'DELETED' && Number(last.object.metadata.resourceVersion) <= listed && states.length === 0) {
      judged.past.add(uid);
      continue;
    }
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
    const [first] = states;
    const isFound = judged.firstLists !== undefined && !hasFailed && first?.action === 'found';
    const foundAt = changes.findIndex(({ object }) => object.metadata.resourceVersion === first?.resourceVersion);
    const told = isFound ? changes.slice(foundAt) : changes;
    judgeMissing(judged, { storage, name, changes: told, listed, isKnown: (version) => known.has(version) });
  }
}

/** Of nearly all each field is the same; what JSON does not write of the others makes no difference. */
function isEqualState(state: unknown, object: unknown): boolean {
  return isEqual(state, object) || JSON.stringify(state) === JSON.stringify(object) || isDeepStrictEqual(state, object);
}

function judgeMissing(
  judged: Judged,
  {
    storage,
    name,
    changes,
    listed,
    isKnown,
  }: {
    readonly storage: string;
    readonly name: string;
    readonly changes: readonly StoredChange[];
    /** The resourceVersion of the first list, where the recording began before that. */
    readonly listed: number;
    readonly isKnown: (resourceVersion: string) => boolean;
  },
): void {
  const { recorded, verdict, to, skewMs, isKilled, firstLists } = judged;
  const from = judgedFrom(judged, storage);
  const gaps = recorded.gaps.get(storage) ?? [];
  const lastKnown = changes.findLastIndex(({ object }) => isKnown(object.metadata.resourceVersion));
  for (const [at, { object, time, type }] of changes.entries()) {
    const { resourceVersion } = object.metadata;
    verdict.states += 1;
    if (isKnown(resourceVersion)) continue;
    const until = changes[at + 1]?.time ?? (type === 'DELETED' ? time : Number.POSITIVE_INFINITY);
    if (until <= from + SLACK_MS || time >= to) continue; // before the recording, or after it
    if (isKilled && at > lastKnown) continue; // not heard of yet
    if (Number(changes[at + 1]?.object.metadata.resourceVersion ?? Number.POSITIVE_INFINITY) <= listed) continue;
    verdict.statesMissing += 1;
    // What there was before the first lists is missing as long as it was there.
    const isUnlisted = firstLists !== undefined || covers(gaps, from + skewMs, SLACK_MS); // its type was refused at first
    const wasThere = isUnlisted && (time < from || Number(resourceVersion) <= listed);
    const isOlder = wasThere && covers(gaps, Math.min(until, to) + skewMs, SLACK_MS);
    assert.ok(
      isOlder || covers(gaps, time + skewMs, SLACK_MS),
      `no gap covers ${name} at ${resourceVersion}, ${iso(time)} (${type})`,
    );
  }
}

/** From when on a type is judged: what was over when all first lists were answered is of before, unless its own had failed. */
export function judgedFrom({ from, began }: Told, storage: string): number {
  return began?.failed.has(storage) === true ? began.at : from;
}

/** A goal ends no recording before the pods that were there are known. */
function judgeListed({ cluster, recorded, from, to }: Judged): void {
  const byUid = Map.groupBy(cluster.store.everything(cluster.pods), ({ object }) => object.metadata.uid);
  for (const [uid, changes] of byUid) {
    const [first, last] = [changes[0], changes.at(-1)];
    const isThere = first !== undefined && first.time < from && !(last?.type === 'DELETED' && last.time < to);
    if (isThere) assert.ok(recorded.states.has(uid), `ended without ${first.object.metadata.name}, which was there`);
  }
}

/** A type may not be served at the end. */
const STORED_TYPES = new Map<string, ReturnType<Told['cluster']['type']>>();
