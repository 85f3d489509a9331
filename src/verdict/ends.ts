import { containersOf } from '../model/container-specs.ts';
import { field, path, textOf } from '../model/fields.ts';
import { type EventFact, type Facts, type Moment, type ObjectFacts, type RunFacts, secondsBetween } from './facts.ts';
import { isWell, workloadOf } from './wellness.ts';

/** Why a container's run ended. Each end belongs to one rule, or to none. */
export type EndCause =
  | 'crash'
  | 'init-container'
  | 'out-of-memory'
  | 'liveness-probe'
  | 'startup-probe'
  /** It ended with 0, though it was to run for ever. */
  | 'finished'
  /** Its pod was deleted, evicted or past its deadline, its work was done, or it was told to end. */
  | 'told';

/** The end of a run that failed. */
export interface End {
  readonly run: RunFacts;
  readonly pod: ObjectFacts;
  readonly at: NonNullable<RunFacts['ended']>;
  readonly cause: EndCause;
  /** Entries that show the cause, beside the end itself. */
  readonly shown: readonly Moment[];
}

/** The kubelet's own seconds are whole, and what happens in one is not ordered by them. */
const SLACK_SECONDS = 2;
/** Between the API server that notes a deletion and the node that notes an end. */
const CLOCK_SECONDS = 1;
const KILL = /^(?:Container|Init container) (\S+) (?:failed (liveness|startup) probe|definition changed)/;

/**
 * The ends of all runs that were not as they should be, by pod and container. What a container went through before the
 * story began is not told, unless it still went through it then.
 */
export function failedEnds(facts: Facts): ReadonlyMap<string, readonly End[]> {
  const groups = Map.groupBy(
    facts.runs.flatMap((run) => endOf(facts, run) ?? []),
    ({ run }) => `${run.object}/${run.name}`,
  );
  return new Map([...groups].filter(([, ends]) => isOfStory(facts, ends)));
}

function isOfStory(facts: Facts, ends: readonly End[]): boolean {
  if (ends.some(({ at }) => secondsBetween(facts.startTime, at.time) >= 0)) return true;
  const [end] = ends;
  if (end !== undefined && !wasReady(end.pod) && !isWell(facts, workloadOf(facts, end.pod.index))) return true;
  return (
    end?.pod.waits.some(({ container, from }) => container === end.run.name && from.seq === end.pod.first?.seq) ?? false
  );
}

/** Whether a pod was ready when it was first seen. */
function wasReady(pod: ObjectFacts): boolean {
  return pod.conditions.find(({ type }) => type === 'Ready')?.status === 'True';
}

function endOf(facts: Facts, run: RunFacts): End | undefined {
  const pod = facts.objects[run.object];
  const at = run.ended;
  if (pod === undefined || at === undefined || run.kind === 'ephemeral') return undefined;
  const kill = killOf(pod, run, at);
  const cause = wasTold({ run, pod, at }) ? 'told' : (kill?.cause ?? ownCause(pod, run, at));
  if (cause === 'told' || cause === undefined) return undefined;
  return { run, pod, at, cause, shown: kill?.shown ?? [] };
}

function ownCause(pod: ObjectFacts, run: RunFacts, at: NonNullable<RunFacts['ended']>): EndCause | undefined {
  if (at.reason === 'OOMKilled') return 'out-of-memory';
  // The node could not tell any more what became of it.
  if (at.reason === 'ContainerStatusUnknown') return 'told';
  const isFailure = (at.exitCode ?? 0) !== 0 || (at.signal ?? 0) !== 0;
  if (isFailure) return run.kind === 'init' ? 'init-container' : 'crash';
  const isForEver = (textOf(path(pod.state, 'spec', 'restartPolicy')) ?? 'Always') === 'Always';
  return isForEver && run.kind === 'regular' ? 'finished' : undefined;
}

/** Deletion and eviction end containers with whatever exit code they have for it. */
function wasTold({ run, pod, at }: Pick<End, 'run' | 'pod' | 'at'>): boolean {
  const isAfter = (moment: Moment | undefined, slack = SLACK_SECONDS) =>
    moment !== undefined && secondsBetween(moment.time, at.time) >= -slack;
  const disrupted = pod.conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (isAfterDeletion({ run, pod, at }) || isAfter(pod.ended) || isAfter(disrupted?.from)) return true;
  if (run.kind !== 'sidecar') return false;
  // A sidecar is told to end when the work of its pod is done.
  const work = pod.runs.filter(({ kind }) => kind === 'regular');
  return work.length > 0 && work.every(({ ended }) => isAfter(ended));
}

/**
 * What ended in the second before was told to as well, for the node's clock may be behind: unless a state of the pod shows its
 * end, and no deletion yet, or it ended as it had ended before.
 */
function isAfterDeletion({ run, pod, at }: Pick<End, 'run' | 'pod' | 'at'>): boolean {
  if (pod.deletionRequested === undefined || run.isEndedAlive) return false;
  const seconds = secondsBetween(pod.deletionRequested.time, at.time);
  if (seconds < -CLOCK_SECONDS) return false;
  return seconds >= 0 || runBefore(pod, run)?.ended?.exitCode !== at.exitCode;
}

function runBefore(pod: ObjectFacts, run: RunFacts): RunFacts | undefined {
  return pod.runs.findLast(({ name, restart }) => name === run.name && restart < run.restart);
}

/** The kubelet's word that it killed the run, else that its probe failed while it ran. */
function killOf(
  pod: ObjectFacts,
  run: RunFacts,
  at: NonNullable<RunFacts['ended']>,
): { readonly cause: EndCause; readonly shown: readonly Moment[] } | undefined {
  const isWithin = ({ time }: Moment) =>
    secondsBetween(run.started?.time ?? time, time) >= 0 && secondsBetween(time, at.time) >= -SLACK_SECONDS;
  for (const event of pod.events) {
    const [, container, probe] = event.reason === 'Killing' ? (KILL.exec(event.message) ?? []) : [];
    const moment = container === run.name ? event.moments.findLast(isWithin) : undefined;
    if (moment === undefined) continue;
    if (probe === undefined) return { cause: 'told', shown: [moment] };
    const killer = probe === 'liveness' ? 'liveness' : 'startup';
    const failures = probeFailures(pod, run.name, killer).filter(isWithin);
    return { cause: `${killer}-probe`, shown: [moment, ...failures.slice(-1)] };
  }
  return killedByProbe(pod, run, { at, isWithin });
}

/** Events are dropped at their source when there are many: a kill by a signal after a probe failed tells as much. */
function killedByProbe(
  pod: ObjectFacts,
  run: RunFacts,
  { at, isWithin }: { at: NonNullable<RunFacts['ended']>; isWithin: (moment: Moment) => boolean },
): { readonly cause: EndCause; readonly shown: readonly Moment[] } | undefined {
  if (at.exitCode !== 137 && at.exitCode !== 143) return undefined;
  for (const probe of ['liveness', 'startup'] as const) {
    const moment = probeFailures(pod, run.name, probe).findLast(isWithin);
    if (moment !== undefined) return { cause: `${probe}-probe`, shown: [moment] };
  }
  return killedAsBefore(pod, run, at);
}

/** What the kubelet tells of the newest kill may come after the story's end: it ended as the run before, by the same probe. */
function killedAsBefore(
  pod: ObjectFacts,
  run: RunFacts,
  at: NonNullable<RunFacts['ended']>,
): { readonly cause: EndCause; readonly shown: readonly Moment[] } | undefined {
  if (!hasProbe(pod, run.name, 'liveness') && !hasProbe(pod, run.name, 'startup')) return undefined;
  const before = runBefore(pod, run);
  if (before?.ended === undefined || before.ended.exitCode !== at.exitCode || at.reason === 'OOMKilled')
    return undefined;
  const cause = killOf(pod, before, before.ended)?.cause;
  const isByProbe = cause === 'liveness-probe' || cause === 'startup-probe';
  return isByProbe ? { cause, shown: [] } : undefined;
}

/** The moments at which a probe of a container failed. */
function probeFailures(pod: ObjectFacts, container: string, probe: 'liveness' | 'readiness' | 'startup'): Moment[] {
  return probeEvents(pod, container, probe).flatMap(({ moments }) => moments);
}

/** The Events that tell of a probe that fails; those that name no container belong to the one that has such a probe. */
export function probeEvents(
  pod: ObjectFacts,
  container: string,
  probe: 'liveness' | 'readiness' | 'startup',
): readonly EventFact[] {
  const isTold = (event: EventFact) =>
    event.reason === 'Unhealthy' && event.message.toLowerCase().startsWith(`${probe} probe`);
  const isOurs = (event: EventFact) => event.container === container || event.container === undefined;
  return hasProbe(pod, container, probe) ? pod.events.filter((event) => isTold(event) && isOurs(event)) : [];
}

function hasProbe(pod: ObjectFacts, container: string, probe: string): boolean {
  return specOf(pod, container) !== undefined && field(specOf(pod, container), `${probe}Probe`) !== undefined;
}

/** A container in its pod's spec. */
export function specOf(pod: ObjectFacts, container: string): unknown {
  return containersOf(pod.state?.spec).find((spec) => field(spec, 'name') === container);
}
