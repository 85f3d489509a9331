import { numberOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import { type Condition, conditionsOf, explain } from './conditions.ts';
import { OBJECT_RULES, podFailure } from './readiness-objects.ts';
import { WORKLOAD_RULES } from './readiness-workloads.ts';
import { groupKindOf } from './transition.ts';
import { failed, progressing, type Readiness, ready } from './verdict.ts';

export type { Readiness } from './verdict.ts';

/** How far an object's work is. */
export interface Completion {
  readonly state: 'complete' | 'progressing' | 'failed';
  readonly reason: string;
}

/**
 * Judges an object by the rules of kstatus: those of any object first, then those of its kind, else its conditions.
 * Stricter than kstatus where a user who waits for `ready` would be misled: a failed Pod has failed, a StatefulSet that
 * is updated on deletion and a Service of type LoadBalancer must be up, `Ready` and `Available` of custom resources
 * count. Milder where the next moment may prove it wrong: a crash loop and an unschedulable Pod may yet recover. Pure.
 */
export function readinessOf(object: KubeObject): Readiness {
  return ofAnyKind(object) ?? ruleOf(object)(object);
}

function ruleOf(object: KubeObject): (object: KubeObject) => Readiness {
  const kind = groupKindOf(object);
  return WORKLOAD_RULES.get(kind) ?? OBJECT_RULES.get(kind) ?? byConditions;
}

/** What holds for every kind; undefined where it does not decide. */
function ofAnyKind(object: KubeObject): Readiness | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return progressing('it is being deleted');
  if (isBehind(object)) return progressing('its controller has not seen the newest spec yet');
  const decisive = conditionsOf(object).find(
    ({ type, status }) => (type === 'Reconciling' || type === 'Stalled') && status === 'True',
  );
  if (decisive === undefined) return undefined;
  return decisive.type === 'Stalled' ? failed(explain(decisive)) : progressing(explain(decisive));
}

function isBehind(object: KubeObject): boolean {
  const observed = numberOf(path(object, 'status', 'observedGeneration'));
  const { generation } = object.metadata;
  return observed !== undefined && generation !== undefined && observed !== generation;
}

/** Any other kind: its conditions. One that has none of these is there, so it is ready. */
function byConditions(object: KubeObject): Readiness {
  const conditions = new Map(conditionsOf(object).map((condition) => [condition.type, condition]));
  const failure = conditions.get('Failed');
  if (failure?.status === 'True') return failed(explain(failure));
  const condition = conditions.get('Ready') ?? conditions.get('Available');
  if (condition === undefined) return ready('it exists');
  if (isStale(condition, object)) return progressing('its controller has not seen the newest spec yet');
  return condition.status === 'True' ? ready(explain(condition)) : progressing(explain(condition));
}

/** Newer APIs say for each condition which generation it speaks of. */
function isStale({ observedGeneration }: Condition, { metadata: { generation } }: KubeObject): boolean {
  return observedGeneration !== undefined && generation !== undefined && observedGeneration < generation;
}

/** Whether a Job, a Pod or anything whose conditions or phase say so has done its work. Pure. */
export function completionOf(object: KubeObject): Completion {
  const phase = textOf(path(object, 'status', 'phase')) ?? '';
  if (groupKindOf(object) !== 'Pod') return byEnd(object, phase);
  if (phase === 'Succeeded') return { state: 'complete', reason: 'the pod succeeded' };
  if (phase === 'Failed') return { state: 'failed', reason: podFailure(object) };
  return { state: 'progressing', reason: `the pod is ${phase || 'new'}` };
}

const FAILED_PHASES = new Set(['Failed', 'Error']);
const COMPLETE_PHASES = new Set(['Succeeded', 'Completed', 'Complete']);

/** What failed counts before what is done: a workflow engine may call failed work Completed, too. */
function byEnd(object: KubeObject, phase: string): Completion {
  if (isBehind(object)) return { state: 'progressing', reason: 'its controller has not seen the newest spec yet' };
  const conditions = conditionsOf(object);
  const holds = (status: Condition['status'], ...types: readonly string[]) =>
    conditions.find((condition) => types.includes(condition.type) && condition.status === status);
  // `Succeeded` is Unknown while work goes on, so that False is an end.
  const failure = holds('True', 'Failed', 'Stalled') ?? holds('False', 'Succeeded');
  if (failure !== undefined) return { state: 'failed', reason: explain(failure) };
  if (FAILED_PHASES.has(phase)) return { state: 'failed', reason: `it is ${phase}` };
  const done = holds('True', 'Complete', 'Completed', 'Succeeded');
  if (done !== undefined) return { state: 'complete', reason: explain(done) };
  if (COMPLETE_PHASES.has(phase)) return { state: 'complete', reason: `it is ${phase}` };
  return { state: 'progressing', reason: 'nothing says that it is complete' };
}
