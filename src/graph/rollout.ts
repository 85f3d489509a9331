import { numberOf, path } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { conditionOf } from './conditions.ts';
import { readinessOf } from './readiness.ts';
import { groupKindOf, type Transition, textAt, timeOf } from './transition.ts';

/** What happened to an object that runs pods, or to one of another kind that is scaled and paused the same way. */
export type RolloutChange = { readonly time: Timestamp | undefined } & (
  | { readonly what: 'scaled'; readonly from: number; readonly to: number }
  | { readonly what: 'paused' | 'resumed' }
  | { readonly what: 'rolloutBegun' }
  | { readonly what: 'rolloutProgressed'; readonly updated: number; readonly ready: number; readonly wanted: number }
  | { readonly what: 'rolloutFinished'; readonly revision?: string }
  | { readonly what: 'rolloutFailed'; readonly message: string }
);

const ROLLED_OUT = new Set(['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps']);

export function rolloutChanges(transition: Transition): RolloutChange[] {
  const isRolledOut = ROLLED_OUT.has(groupKindOf(transition.current));
  return [...scaling(transition), ...pausing(transition), ...(isRolledOut ? rollout(transition) : [])];
}

function scaling({ previous, current }: Transition): RolloutChange[] {
  const size = groupKindOf(current) === 'Job.batch' ? 'parallelism' : 'replicas';
  const [from, to] = [previous, current].map((object) => numberOf(path(object, 'spec', size)));
  return from === undefined || to === undefined || from === to ? [] : [{ what: 'scaled', from, to, time: undefined }];
}

/** Deployments are paused; Jobs, CronJobs and many custom resources are suspended. */
function pausing({ previous, current }: Transition): RolloutChange[] {
  const [was, is] = [previous, current].map(isPaused);
  return was === is ? [] : [{ what: is === true ? 'paused' : 'resumed', time: undefined }];
}

function isPaused(object: KubeObject | undefined): boolean {
  return path(object, 'spec', 'paused') === true || path(object, 'spec', 'suspend') === true;
}

function rollout(transition: Transition): RolloutChange[] {
  const changes: RolloutChange[] = begin(transition);
  const { previous, current } = transition;
  const [before, after] = [progressOf(previous), progressOf(current)];
  if (previous !== undefined && (before.updated !== after.updated || before.ready !== after.ready))
    changes.push({ what: 'rolloutProgressed', ...after, time: undefined });
  return [...changes, ...end(transition)];
}

/** A new template begins a rollout; while the Deployment is paused, only its resumption does. */
function begin({ previous, current, action }: Transition): RolloutChange[] {
  const isNew = previous === undefined ? action === 'created' : template(previous) !== template(current);
  const { updated, wanted } = progressOf(current);
  const isDue = isNew || (isPaused(previous) && updated < wanted);
  return isDue && !isPaused(current) ? [{ what: 'rolloutBegun', time: undefined }] : [];
}

function end({ previous, current }: Transition): RolloutChange[] {
  if (previous === undefined) return [];
  const [was, is] = [readinessOf(previous), readinessOf(current)];
  const progress = conditionOf(current, 'Progressing');
  if (is.state === 'failed' && was.state !== 'failed')
    return [{ what: 'rolloutFailed', message: is.reason, time: timeOf(progress?.lastTransitionTime) }];
  if (is.state !== 'ready' || was.state === 'ready' || !isUnderway(previous)) return [];
  const revision =
    current.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? textAt(current, 'status', 'updateRevision');
  const time = timeOf(progress?.lastUpdateTime);
  return [{ what: 'rolloutFinished', time, ...(revision === undefined ? {} : { revision }) }];
}

/** Whether an object that is not ready is so because of a rollout, and not because a pod of it broke or it was scaled. */
function isUnderway(object: KubeObject): boolean {
  const { updated, wanted } = progressOf(object);
  const progress = conditionOf(object, 'Progressing');
  // The Deployment controller keeps this reason from the end of a rollout to the beginning of the next.
  if (progress !== undefined && groupKindOf(object) === 'Deployment.apps')
    return progress.reason !== 'NewReplicaSetAvailable';
  if (updated < wanted) return true;
  if (textAt(object, 'status', 'currentRevision') !== textAt(object, 'status', 'updateRevision')) return true;
  // The first rollout of a StatefulSet or a DaemonSet shows in nothing but its pods.
  return object.metadata.generation === 1;
}

/** The pods' template decides whether there is a new rollout: a spec may change otherwise, too. */
function template(object: KubeObject): string {
  return JSON.stringify(path(object, 'spec', 'template')) ?? '';
}

function progressOf(object: KubeObject | undefined): { updated: number; ready: number; wanted: number } {
  const status = (name: string) => numberOf(path(object, 'status', name)) ?? 0;
  if (object?.kind === 'DaemonSet') {
    const wanted = status('desiredNumberScheduled');
    return { updated: status('updatedNumberScheduled'), ready: status('numberReady'), wanted };
  }
  const wanted = numberOf(path(object, 'spec', 'replicas')) ?? 1;
  return { updated: status('updatedReplicas'), ready: status('readyReplicas'), wanted };
}
