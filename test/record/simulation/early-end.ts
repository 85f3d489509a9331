import type { FaultRequest } from '../../../src/demo/faults.ts';
import { seededRandom } from '../../../src/demo/random.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import type { LogRouteChoice } from '../../../src/logs/route-chooser.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import type { EndConditions } from '../../../src/record/end.ts';
import { SimulatedRecording } from '../simulated-recording.ts';
import { FirstCalls } from './first-calls.ts';
import { programsOf } from './programs.ts';
import { change, deployWeb, pick } from './schedule.ts';
import type { Outcome } from './simulate.ts';
import { storyOn } from './story.ts';

const ROUTES: readonly LogRouteChoice[] = ['auto', 'node-files', 'stream'];
const ENDS = ['signal', 'for', 'until', 'timeout'] as const;
/** So long, and a moment, is waited at the end for what is on its way. */
const LAST_MS = 510;
const LONGEST_DELAY_MS = 4000;

/** Records a workload whose types are answered late, and ends before, while or soon after they are. */
export async function simulateEarlyEnd(seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const ms = Math.floor(random() ** 2 * LONGEST_DELAY_MS);
  const ending = pick(ENDS, random);
  const ends: Record<(typeof ENDS)[number], Partial<EndConditions>> = {
    signal: {},
    for: { forMs: ms },
    until: { until: 'ready', timeoutMs: 60_000 },
    timeout: { until: 'ready', timeoutMs: ms },
  };
  const route = ROUTES[seed % ROUTES.length] ?? 'auto';
  let firstCalls: FirstCalls | undefined;
  const recording = await SimulatedRecording.start({
    seed,
    programs: programsOf({ isQuiet: false }),
    prepare: (cluster) => {
      deployWeb({ cluster, random });
      answerLate(cluster, random, { isLogLate: ending === 'signal' || ending === 'for' });
      firstCalls = new FirstCalls(cluster);
    },
    random,
    runMs: 500 + Math.floor(random() * 15_000),
    streamingList: random() < 0.5,
    route,
    end: ends[ending],
    ...(random() < 0.3 ? { crowd: 0 } : {}),
  });
  const { cluster } = recording;
  const from = recording.clock.now();
  if (random() < 0.3) {
    await recording.advance(Math.floor(random() * ms));
    await change({ cluster, random });
  }
  if (ending === 'signal') {
    await recording.advance(Math.max(0, from + ms - recording.clock.now()));
    await recording.end();
  } else await recording.ended();
  const story = await storyOn(recording.disk);
  const hasGoal = story.head.metadata.ended.startsWith('until:');
  const to = hasGoal ? lastCallOf(recording.records) - LAST_MS : from + ms;
  const began = { at: from, failed: firstCalls?.failed ?? new Set<string>() };
  const firstLists = firstListsOf(recording.records);
  const told = [{ cluster, from, to, began, skewMs: 0, route, story, firstLists }];
  return { records: recording.records, told, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/** When the logs of containers that ran were read to their end for the last time, or the recording was over. */
function lastCallOf(records: readonly JournalRecord[]): number {
  const times = records.flatMap((record) => {
    if (record.kind === 'end') return Date.parse(record.time);
    return record.kind === 'logEnd' && record.goesOn === true ? Date.parse(record.observed) : [];
  });
  return Math.min(...times);
}

/** The resourceVersion of each type's first list, and of each root's; of a pod that was found by its labels all is told from there on. */
function firstListsOf(records: readonly JournalRecord[]): ReadonlyMap<string, number> {
  const lists = new Map<string, number>();
  for (const record of records)
    if (record.kind === 'watched' && record.resourceVersion !== undefined) {
      if (record.resource === 'pods' && record.name !== undefined) continue;
      const what = [record.resource, record.name ?? []].flat().join('/');
      lists.set(what, lists.get(what) ?? Number(record.resourceVersion));
    }
  return lists;
}

/** Calls for some types, of some kinds, take long to be answered; some are first refused, or cut short. */
function answerLate(
  { faults }: SimulatedCluster,
  random: () => number,
  { isLogLate }: { readonly isLogLate: boolean },
): void {
  const resources = ['deployments', 'replicasets', 'pods', 'events', 'services', 'configmaps', 'nodes', ''];
  for (const resource of resources) {
    if (random() < 0.4) continue;
    const share = 0.3 + random() * 0.7;
    const times = Math.ceil(random() * 3);
    const fault =
      random() < 0.8
        ? ({ type: 'delay', ms: random() * LONGEST_DELAY_MS } as const)
        : ({ type: 'status', status: 503, reason: 'ServiceUnavailable' } as const);
    const isMeant = ({ verb }: FaultRequest) => isLogLate || (verb !== 'files' && verb !== 'log');
    faults.add((request) => request.resource === resource && isMeant(request) && random() < share, fault, times);
  }
}
