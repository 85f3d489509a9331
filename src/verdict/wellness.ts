import { completionOf, readinessOf } from '../graph/readiness.ts';
import type { Facts, Moment, ObjectFacts } from './facts.ts';

/** Kinds whose status says whether what they run is well. */
const WORKLOADS = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'Pod',
]);

/**
 * The object by whose state a pod, or anything else of a workload, is judged: the uppermost owner that tells how its
 * pods are, but no CronJob, which tells nothing of its Jobs.
 */
export function workloadOf(facts: Facts, index: number): ObjectFacts | undefined {
  let workload = facts.objects[index];
  for (const seen = new Set<number>(); workload !== undefined && !seen.has(workload.index); ) {
    seen.add(workload.index);
    const owner = workload.kind === 'Job' ? undefined : facts.objects[workload.owners[0] ?? -1];
    if (owner === undefined || !WORKLOADS.has(owner.kind)) break;
    workload = owner;
  }
  return workload;
}

/**
 * Whether an object was well when it was last seen, or when its deletion was asked for. A Job that failed is made good
 * by a later one of the same owner.
 */
export function isWell(facts: Facts, object: ObjectFacts | undefined): boolean {
  const state = object?.living ?? object?.state;
  if (object === undefined || state === undefined) return false;
  if (object.kind !== 'Job') return readinessOf(state).state === 'ready';
  return completionOf(state).state === 'complete' || facts.objects.some((other) => isLaterJob(object, other));
}

function isLaterJob(job: ObjectFacts, other: ObjectFacts): boolean {
  const [owner] = job.owners;
  const isLater = other.kind === 'Job' && (other.first?.seq ?? -1) > (job.first?.seq ?? Number.POSITIVE_INFINITY);
  const isOurs = owner !== undefined && other.owners[0] === owner;
  return isLater && isOurs && other.state !== undefined && completionOf(other.state).state === 'complete';
}

/**
 * Whether a fault that was there when the recording began is history: it was found at once, on something that the user
 * did not name, and whose workload does without it.
 */
export function isHistory(facts: Facts, object: ObjectFacts, at: Moment): boolean {
  const isFound = !object.isNew && object.first?.seq === at.seq;
  return isFound && !facts.roots.includes(object.index) && isWell(facts, workloadOf(facts, object.index));
}

/**
 * Whether a fault of a pod is over: the pod itself is well, or gone, or just goes, and its workload is well without it. What only
 * a pod of its own knew, nothing can make good.
 */
export function isPodOver(facts: Facts, pod: ObjectFacts): boolean {
  const workload = workloadOf(facts, pod.index);
  if (workload === pod) return pod.deletionRequested === undefined && pod.deleted === undefined && isWell(facts, pod);
  const isGoing = pod.deleted !== undefined || pod.deletionRequested !== undefined;
  return isWell(facts, workload) && (isGoing || workload?.kind === 'Job' || isWell(facts, pod));
}

/** Whether a container of a pod (of that name, or any) started after the last sign of what had kept it from that. */
export function hasStartedAfter(pod: ObjectFacts, last: Moment, container?: string): boolean {
  return pod.runs.some(
    ({ name, started }) => (container ?? name) === name && started !== undefined && started.seq > last.seq,
  );
}
