import { type Condition, conditionOf } from '../graph/conditions.ts';
import { numberOf, path } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';

/** A Deployment as its controller has counted it just now. */
export interface DeploymentCount {
  readonly wanted: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
}

/** What the Deployment controller says of a Deployment: whether enough is available, and how its rollout goes. */
export function deploymentConditions(deployment: KubeObject, count: DeploymentCount, now: string): readonly object[] {
  const isAvailable = count.availableReplicas >= count.wanted;
  const availability = isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable';
  const rollout = rolloutOf(deployment, count, now);
  return [
    condition(deployment, { type: 'Available', status: isAvailable ? 'True' : 'False', reason: availability }, now),
    condition(deployment, { type: 'Progressing', ...rollout }, now),
  ];
}

function condition(
  deployment: KubeObject,
  said: Pick<Condition, 'type' | 'status' | 'reason'> & { readonly lastUpdateTime?: string | undefined },
  now: string,
): object {
  const known = conditionOf(deployment, said.type);
  const lastTransitionTime = known?.status === said.status ? known.lastTransitionTime : now;
  return { lastUpdateTime: known?.reason === said.reason ? known.lastUpdateTime : now, ...said, lastTransitionTime };
}

/** A rollout that is complete stays so until the next one begins, whatever becomes of its pods. */
function rolloutOf(deployment: KubeObject, count: DeploymentCount, now: string) {
  const known = conditionOf(deployment, 'Progressing');
  const { wanted, replicas, updatedReplicas, availableReplicas } = count;
  const isComplete = [replicas, updatedReplicas, availableReplicas].every((number) => number === wanted);
  const wasComplete = known?.reason === COMPLETE && replicas === updatedReplicas;
  if (isComplete || wasComplete) return { status: 'True', reason: COMPLETE } as const;
  if (known !== undefined && !hasMoved(deployment, count) && isPastDeadline(deployment, known, now))
    return { status: 'False', reason: 'ProgressDeadlineExceeded' } as const;
  const lastUpdateTime = hasMoved(deployment, count) ? { lastUpdateTime: now } : {};
  return { status: 'True', reason: 'ReplicaSetUpdated', ...lastUpdateTime } as const;
}

const COMPLETE = 'NewReplicaSetAvailable';

function hasMoved(deployment: KubeObject, count: DeploymentCount): boolean {
  const before = (name: string) => numberOf(path(deployment, 'status', name)) ?? 0;
  const old = count.replicas - count.updatedReplicas;
  return (
    count.updatedReplicas > before('updatedReplicas') ||
    count.availableReplicas > before('availableReplicas') ||
    old < before('replicas') - before('updatedReplicas')
  );
}

function isPastDeadline(deployment: KubeObject, { lastUpdateTime }: Condition, now: string): boolean {
  const seconds = numberOf(path(deployment, 'spec', 'progressDeadlineSeconds')) ?? 600;
  return lastUpdateTime !== undefined && Date.parse(now) - Date.parse(lastUpdateTime) > seconds * 1000;
}
