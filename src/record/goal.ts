import { completionOf, readinessOf } from '../graph/readiness.ts';
import type { Root } from '../model/record.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import type { RecordedObject } from './placement.ts';

/** What `--until` waits for. */
export type Goal = 'ready' | 'complete' | 'deleted';

export type GoalState =
  | { readonly state: 'waiting'; readonly reason: string }
  | Met
  /** It cannot be met any more, as things stand. */
  | { readonly state: 'failed'; readonly reason: string };

interface Met {
  readonly state: 'met';
}

/** Roots and what is recorded; `mustExist`: one that does not exist fails. */
export interface Judged {
  readonly roots: readonly Root[];
  readonly recorded: Iterable<RecordedObject>;
  readonly mustExist?: boolean;
}

/** Whether all roots together meet the goal: one that failed decides, then one that still waits. */
export function goalState(goal: Goal, judged: Judged): GoalState {
  const states = unmet(goal, judged);
  return states.find(({ state }) => state === 'failed') ?? states[0] ?? { state: 'met' };
}

/** Of each root that does not meet the goal, in their order, its name and why. */
export function unmet(goal: Goal, { roots, recorded, mustExist = false }: Judged): readonly Exclude<GoalState, Met>[] {
  const objects = [...recorded];
  return roots.flatMap((root) => {
    const state = rootState(goal, root, { found: newestOf(root, objects), mustExist });
    return state.state === 'met' ? [] : state;
  });
}

/** A root as it was last recorded, and whether its absence is a failure. */
interface Seen {
  readonly found: RecordedObject | undefined;
  readonly mustExist: boolean;
}

function rootState(goal: Goal, root: Root, { found, mustExist }: Seen): GoalState {
  const name = `${root.resource}/${root.name}`;
  if (goal === 'deleted') {
    if (found?.isDeleted === true || (found === undefined && mustExist)) return { state: 'met' };
    return { state: 'waiting', reason: found === undefined ? `${name} does not exist yet` : `${name} exists` };
  }
  if (found === undefined)
    return mustExist
      ? { state: 'failed', reason: `${name} does not exist` }
      : { state: 'waiting', reason: `${name} does not exist yet` };
  if (found.isDeleted) return { state: 'failed', reason: `${name} was deleted` };
  return judged(goal, name, found.object);
}

function judged(goal: 'ready' | 'complete', name: string, object: KubeObject): GoalState {
  const { state, reason } = goal === 'ready' ? readinessOf(object) : completionOf(object);
  if (state === 'failed') return { state, reason: `${name}: ${reason}` };
  return state === 'ready' || state === 'complete'
    ? { state: 'met' }
    : { state: 'waiting', reason: `${name}: ${reason}` };
}

/** A root may have been deleted and created again: the one that lives counts, else the last one seen. */
export function newestOf(root: Root, objects: readonly RecordedObject[]): RecordedObject | undefined {
  const candidates = objects.filter(
    ({ resource, object }) =>
      resource === root.resource &&
      groupOf(object.apiVersion) === root.group &&
      object.metadata.name === root.name &&
      (object.metadata.namespace ?? null) === root.namespace,
  );
  return candidates.findLast(({ isDeleted }) => !isDeleted) ?? candidates.at(-1);
}
