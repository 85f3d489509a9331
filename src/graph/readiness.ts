import { field, listOf, numberOf, path, textOf } from '../model/fields.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import { conditionOf, conditionsOf, explain } from './conditions.ts';

/** How far an object is on its way to the state that its spec asks for. */
export interface Readiness {
  readonly state: 'ready' | 'progressing' | 'failed' | 'deleted';
  readonly reason: string;
}

/** How far an object's work is. */
export interface Completion {
  readonly state: 'complete' | 'progressing' | 'failed';
  readonly reason: string;
}

type Rule = (object: KubeObject) => Readiness;

/** Judges an object by the rules of kstatus: those of its kind, else its conditions. Pure. */
export function readinessOf(object: KubeObject): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) return progressing('it is being deleted');
  const observed = numberOf(path(object, 'status', 'observedGeneration'));
  const { generation } = object.metadata;
  if (observed !== undefined && generation !== undefined && observed < generation)
    return progressing('its controller has not seen the newest spec yet');
  const group = groupOf(object.apiVersion);
  const rule = RULES[group === '' ? object.kind : `${object.kind}.${group}`];
  return (rule ?? byConditions)(object);
}

/** Whether a Job, a Pod or anything with a condition that says so has done its work. Pure. */
export function completionOf(object: KubeObject): Completion {
  if (object.kind === 'Pod' && object.apiVersion === 'v1') {
    const phase = textOf(path(object, 'status', 'phase'));
    if (phase === 'Succeeded') return { state: 'complete', reason: 'the pod succeeded' };
    if (phase === 'Failed') return { state: 'failed', reason: podFailure(object) };
    return { state: 'progressing', reason: `the pod is ${phase ?? 'new'}` };
  }
  const failed = ['Failed', 'Stalled']
    .map((type) => conditionOf(object, type))
    .find((condition) => condition?.status === 'True');
  if (failed !== undefined) return { state: 'failed', reason: explain(failed) };
  const done = ['Complete', 'Completed', 'Succeeded']
    .map((type) => conditionOf(object, type))
    .find((condition) => condition?.status === 'True');
  if (done !== undefined) return { state: 'complete', reason: explain(done) };
  return { state: 'progressing', reason: 'no condition says that it is complete' };
}

const RULES: Readonly<Record<string, Rule>> = {
  'Deployment.apps': deployment,
  'StatefulSet.apps': statefulSet,
  'DaemonSet.apps': daemonSet,
  'ReplicaSet.apps': replicaSet,
  ReplicationController: replicaSet,
  'Job.batch': job,
  'CronJob.batch': () => ready('it is scheduled'),
  Pod: pod,
  PersistentVolumeClaim: persistentVolumeClaim,
  Service: service,
  'PodDisruptionBudget.policy': () => ready('it exists'),
  'CustomResourceDefinition.apiextensions.k8s.io': customResourceDefinition,
};

function deployment(object: KubeObject): Readiness {
  if (path(object, 'spec', 'paused') === true) return progressing('the rollout is paused');
  if (numberOf(path(object, 'status', 'observedGeneration')) === undefined)
    return progressing('its controller has not seen it yet');
  const progress = conditionOf(object, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded') return failed(explain(progress));
  const wanted = specReplicas(object);
  const { replicas, updatedReplicas, readyReplicas, availableReplicas } = counts(object);
  if (updatedReplicas < wanted) return progressing(`${updatedReplicas} of ${wanted} replicas are of the newest spec`);
  if (replicas > updatedReplicas) return progressing(`${replicas - updatedReplicas} old replicas are still there`);
  if (readyReplicas < wanted) return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
  if (availableReplicas < wanted) return progressing(`${availableReplicas} of ${wanted} replicas are available`);
  return ready(`${wanted} of ${wanted} replicas are ready`);
}

function statefulSet(object: KubeObject): Readiness {
  const wanted = specReplicas(object);
  const { replicas, readyReplicas, updatedReplicas } = counts(object);
  if (readyReplicas < wanted) return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  if (path(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return ready('its pods are updated when they are deleted');
  const partition = numberOf(path(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? 0;
  if (updatedReplicas < wanted - partition)
    return progressing(`${updatedReplicas} of ${wanted - partition} replicas are of the newest spec`);
  const current = textOf(path(object, 'status', 'currentRevision'));
  const update = textOf(path(object, 'status', 'updateRevision'));
  if (partition === 0 && current !== update) return progressing('the newest revision is not the current one yet');
  return ready(`${wanted} of ${wanted} replicas are ready`);
}

function daemonSet(object: KubeObject): Readiness {
  if (numberOf(path(object, 'status', 'observedGeneration')) === undefined)
    return progressing('its controller has not seen it yet');
  const status = (name: string) => numberOf(path(object, 'status', name)) ?? 0;
  const wanted = status('desiredNumberScheduled');
  const isOnDelete = path(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  if (!isOnDelete && status('updatedNumberScheduled') < wanted)
    return progressing(`${status('updatedNumberScheduled')} of ${wanted} pods are of the newest spec`);
  if (status('numberAvailable') < wanted)
    return progressing(`${status('numberAvailable')} of ${wanted} pods are available`);
  if (status('numberReady') < wanted) return progressing(`${status('numberReady')} of ${wanted} pods are ready`);
  return ready(`${wanted} of ${wanted} pods are ready`);
}

function replicaSet(object: KubeObject): Readiness {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return progressing(explain(failure));
  const wanted = specReplicas(object);
  const { replicas, readyReplicas, availableReplicas } = counts(object);
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  if (availableReplicas < wanted || readyReplicas < wanted)
    return progressing(`${readyReplicas} of ${wanted} replicas are ready`);
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

/** A crash loop is not a failure by itself: the next start may succeed. */
function pod(object: KubeObject): Readiness {
  const phase = textOf(path(object, 'status', 'phase'));
  if (phase === 'Succeeded') return ready('the pod succeeded');
  if (phase === 'Failed') return failed(podFailure(object));
  if (conditionOf(object, 'Ready')?.status === 'True') return ready('the pod is ready');
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status === 'False') return progressing(explain(scheduled));
  for (const status of listOf(path(object, 'status', 'containerStatuses'))) {
    const waiting = textOf(path(status, 'state', 'waiting', 'reason'));
    if (waiting !== undefined)
      return progressing(`container ${textOf(field(status, 'name')) ?? ''} is waiting: ${waiting}`);
  }
  return progressing(`the pod is ${phase ?? 'new'} and not ready`);
}

function podFailure(object: KubeObject): string {
  return textOf(path(object, 'status', 'message')) ?? textOf(path(object, 'status', 'reason')) ?? 'the pod failed';
}

function persistentVolumeClaim(object: KubeObject): Readiness {
  const phase = textOf(path(object, 'status', 'phase'));
  if (phase === 'Lost') return failed('its volume is lost');
  return phase === 'Bound' ? ready('it is bound') : progressing(`it is ${phase ?? 'new'}`);
}

function service(object: KubeObject): Readiness {
  if (path(object, 'spec', 'type') !== 'LoadBalancer') return ready('it exists');
  const hasAddress = listOf(path(object, 'status', 'loadBalancer', 'ingress')).length > 0;
  return hasAddress ? ready('its load balancer has an address') : progressing('its load balancer has no address yet');
}

function customResourceDefinition(object: KubeObject): Readiness {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(explain(names));
  return conditionOf(object, 'Established')?.status === 'True'
    ? ready('it is established')
    : progressing('it is not established yet');
}

/** Any other kind: the conditions that the API conventions and kstatus name. One without conditions is there, so ready. */
function byConditions(object: KubeObject): Readiness {
  const conditions = conditionsOf(object);
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const stalled = [find('Stalled'), find('Failed')].find((condition) => condition?.status === 'True');
  if (stalled !== undefined) return failed(explain(stalled));
  const reconciling = find('Reconciling');
  if (reconciling?.status === 'True') return progressing(explain(reconciling));
  for (const condition of [find('Ready'), find('Available')]) {
    if (condition === undefined) continue;
    return condition.status === 'True' ? ready(explain(condition)) : progressing(explain(condition));
  }
  return ready('it exists');
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

function ready(reason: string): Readiness {
  return { state: 'ready', reason };
}
function progressing(reason: string): Readiness {
  return { state: 'progressing', reason };
}
function failed(reason: string): Readiness {
  return { state: 'failed', reason };
}
