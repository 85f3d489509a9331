import { numberOf, path, textOf } from '../model/fields.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { conditionOf, explain } from './conditions.ts';
import type { Transition } from './lifecycle.ts';
import { readinessOf } from './readiness.ts';

/** What happened to an object that runs pods. */
export type RolloutChange = { readonly time: Timestamp | undefined } & (
  | { readonly what: 'scaled'; readonly from: number; readonly to: number }
  | { readonly what: 'rolloutBegun' }
  | { readonly what: 'rolloutProgressed'; readonly updated: number; readonly ready: number; readonly wanted: number }
  | { readonly what: 'rolloutFinished' }
  | { readonly what: 'rolloutFailed'; readonly message: string }
  | { readonly what: 'jobComplete' | 'jobFailed'; readonly message: string }
);

const ROLLED_OUT = new Set(['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps']);
const SCALED = new Set([...ROLLED_OUT, 'ReplicaSet.apps', 'ReplicationController.']);

export function rolloutChanges(transition: Transition): RolloutChange[] {
  const kind = `${transition.current.kind}.${groupOf(transition.current.apiVersion)}`;
  return [
    ...(SCALED.has(kind) ? scaling(transition) : []),
    ...(ROLLED_OUT.has(kind) ? rollout(transition) : []),
    ...(kind === 'Job.batch' ? jobEnd(transition) : []),
  ];
}

function scaling({ previous, current }: Transition): RolloutChange[] {
  const from = replicas(previous);
  const to = replicas(current);
  return from === undefined || to === undefined || from === to ? [] : [{ what: 'scaled', from, to, time: undefined }];
}

function rollout({ previous, current, action }: Transition): RolloutChange[] {
  const changes: RolloutChange[] = [];
  const isNewTemplate = previous === undefined ? action === 'created' : template(previous) !== template(current);
  if (isNewTemplate) changes.push({ what: 'rolloutBegun', time: undefined });
  const [before, after] = [progressOf(previous), progressOf(current)];
  if (previous !== undefined && (before.updated !== after.updated || before.ready !== after.ready))
    changes.push({ what: 'rolloutProgressed', ...after, time: undefined });
  const [was, is] = [previous === undefined ? undefined : readinessOf(previous).state, readinessOf(current).state];
  if (is === 'ready' && was === 'progressing' && after.wanted > 0)
    changes.push({ what: 'rolloutFinished', time: undefined });
  if (is === 'failed' && was !== 'failed')
    changes.push({ what: 'rolloutFailed', message: readinessOf(current).reason, time: undefined });
  return changes;
}

function jobEnd({ previous, current }: Transition): RolloutChange[] {
  const ends = [
    { what: 'jobComplete', type: 'Complete' },
    { what: 'jobFailed', type: 'Failed' },
  ] as const;
  return ends.flatMap(({ what, type }) => {
    const condition = conditionOf(current, type);
    const was = previous === undefined ? undefined : conditionOf(previous, type);
    if (condition?.status !== 'True' || was?.status === 'True') return [];
    const time = condition.lastTransitionTime === undefined ? undefined : parseTimestamp(condition.lastTransitionTime);
    return { what, message: explain(condition), time };
  });
}

function replicas(object: KubeObject | undefined): number | undefined {
  return numberOf(path(object, 'spec', 'replicas'));
}

/** The pods' template decides whether there is a new rollout; a DaemonSet or Deployment may change otherwise, too. */
function template(object: KubeObject): string {
  return JSON.stringify(path(object, 'spec', 'template')) ?? '';
}

function progressOf(object: KubeObject | undefined): { updated: number; ready: number; wanted: number } {
  const count = (...names: readonly string[]) => numberOf(path(object, ...names)) ?? 0;
  const isDaemonSet = textOf(object?.kind) === 'DaemonSet';
  return isDaemonSet
    ? {
        updated: count('status', 'updatedNumberScheduled'),
        ready: count('status', 'numberReady'),
        wanted: count('status', 'desiredNumberScheduled'),
      }
    : {
        updated: count('status', 'updatedReplicas'),
        ready: count('status', 'readyReplicas'),
        wanted: replicas(object) ?? 1,
      };
}
