import { numberOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import { conditionOf, explain } from './conditions.ts';
import { failed, progressing, type Readiness, ready } from './verdict.ts';

/** When what runs pods is ready, by group and kind. */
export const WORKLOAD_RULES: ReadonlyMap<string, (object: KubeObject) => Readiness> = new Map([
  ['Deployment.apps', seen(deployment)],
  ['StatefulSet.apps', seen(statefulSet)],
  ['DaemonSet.apps', seen(daemonSet)],
  ['ReplicaSet.apps', seen(replicaSet)],
  ['ReplicationController', seen(replicaSet)],
  ['Job.batch', job],
  ['CronJob.batch', () => ready('it is scheduled')],
]);

/** These controllers write what they have seen, always: without it they have seen nothing. */
function seen(rule: (object: KubeObject) => Readiness): (object: KubeObject) => Readiness {
  return (object) =>
    numberOf(path(object, 'status', 'observedGeneration')) === undefined
      ? progressing('its controller has not seen it yet')
      : rule(object);
}

/** The greatest 32-bit integer stands for no deadline: then the controller writes no Progressing condition. */
const NO_DEADLINE = 2_147_483_647;

function deployment(object: KubeObject): Readiness {
  if (path(object, 'spec', 'paused') === true) return progressing('the rollout is paused');
  const progress = conditionOf(object, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded') return failed(explain(progress));
  const wanted = specReplicas(object);
  const { replicas, updatedReplicas, readyReplicas, availableReplicas } = counts(object);
  if (updatedReplicas < wanted) return progressing(`${updatedReplicas} of ${wanted} replicas are of the newest spec`);
  if (replicas > updatedReplicas) return progressing(`${replicas - updatedReplicas} old replicas are still there`);
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  if (readyReplicas < wanted) return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
  if (availableReplicas < wanted) return progressing(`${availableReplicas} of ${wanted} replicas are available`);
  const hasDeadline = (numberOf(path(object, 'spec', 'progressDeadlineSeconds')) ?? NO_DEADLINE) < NO_DEADLINE;
  if (hasDeadline && progress?.reason !== 'NewReplicaSetAvailable')
    return progressing(progress === undefined ? 'its controller has not judged its progress yet' : explain(progress));
  const available = conditionOf(object, 'Available');
  if (available?.status === 'False') return progressing(explain(available));
  return ready(`${wanted} of ${wanted} replicas are ready`);
}

function statefulSet(object: KubeObject): Readiness {
  const wanted = specReplicas(object);
  const { replicas, readyReplicas, availableReplicas, updatedReplicas } = counts(object);
  if (readyReplicas < wanted) return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
  const waits = (numberOf(path(object, 'spec', 'minReadySeconds')) ?? 0) > 0;
  if (waits && availableReplicas < wanted)
    return progressing(`${availableReplicas} of ${wanted} replicas are available`);
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  if (isOnDelete(object)) return ready('its pods are updated when they are deleted');
  const partition = numberOf(path(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? 0;
  const updates = Math.max(0, wanted - partition);
  if (updatedReplicas < updates) return progressing(`${updatedReplicas} of ${updates} replicas are of the newest spec`);
  const [current, update] = ['currentRevision', 'updateRevision'].map((name) => textOf(path(object, 'status', name)));
  if (partition === 0 && current !== update) return progressing('the newest revision is not the current one yet');
  return ready(`${wanted} of ${wanted} replicas are ready`);
}

function daemonSet(object: KubeObject): Readiness {
  const status = (name: string) => numberOf(path(object, 'status', name));
  const wanted = status('desiredNumberScheduled');
  if (wanted === undefined) return progressing('its controller has not counted its nodes yet');
  const current = status('currentNumberScheduled') ?? wanted;
  if (current < wanted) return progressing(`${current} of ${wanted} nodes have a pod`);
  const [updated = 0, available = 0, readyCount = 0] = ['updatedNumberScheduled', 'numberAvailable', 'numberReady'].map(
    status,
  );
  if (!isOnDelete(object) && updated < wanted)
    return progressing(`${updated} of ${wanted} pods are of the newest spec`);
  if (available < wanted) return progressing(`${available} of ${wanted} pods are available`);
  if (readyCount < wanted) return progressing(`${readyCount} of ${wanted} pods are ready`);
  return ready(`${wanted} of ${wanted} pods are ready`);
}

function replicaSet(object: KubeObject): Readiness {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return progressing(explain(failure));
  const wanted = specReplicas(object);
  const { replicas, readyReplicas, availableReplicas } = counts(object);
  const labelled = numberOf(path(object, 'status', 'fullyLabeledReplicas')) ?? wanted;
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  if (labelled < wanted) return progressing(`${labelled} of ${wanted} replicas have the template's labels`);
  if (readyReplicas < wanted) return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
  if (availableReplicas < wanted) return progressing(`${availableReplicas} of ${wanted} replicas are available`);
  return ready(`${wanted} of ${wanted} replicas are ready`);
}

/** A Job that runs is what was asked for, unless it has failed. */
function job(object: KubeObject): Readiness {
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(explain(failure));
  if (conditionOf(object, 'Complete')?.status === 'True') return ready('it is complete');
  if (conditionOf(object, 'Suspended')?.status === 'True') return ready('it is suspended');
  if (textOf(path(object, 'status', 'startTime')) === undefined) return progressing('it has not started');
  return ready('it runs');
}

function isOnDelete(object: KubeObject): boolean {
  return path(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
}

function specReplicas(object: KubeObject): number {
  return numberOf(path(object, 'spec', 'replicas')) ?? 1;
}

function counts(object: KubeObject) {
  const count = (name: string) => numberOf(path(object, 'status', name)) ?? 0;
  return {
    replicas: count('replicas'),
    updatedReplicas: count('updatedReplicas'),
    readyReplicas: count('readyReplicas'),
    availableReplicas: count('availableReplicas'),
  };
}
