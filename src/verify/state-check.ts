import { isDeletion } from '../model/action.ts';
import { messageOf } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import type { StoryObject, TimelineEntry } from '../story/document.ts';
import { applyPatch } from '../story/patch.ts';
import type { ChangeCheck } from './change-check.ts';
import type { Problems } from './problems.ts';

type ObjectEntry = Extract<TimelineEntry, { type: 'object' }>;

interface Known {
  state: unknown;
  first: string;
  last: string;
  gone: string | undefined;
  version: string;
}

/** Builds every state of every object out of its patches, and holds it against what else the story says of it. */
export class StateCheck {
  readonly #objects: readonly StoryObject[];
  readonly #problems: Problems;
  readonly #known = new Map<number, Known>();
  /** Where it can be told what this version of faro makes of states. */
  readonly #changes: ChangeCheck | undefined;

  constructor(objects: readonly StoryObject[], problems: Problems, changes?: ChangeCheck) {
    this.#objects = objects;
    this.#problems = problems;
    this.#changes = changes;
  }

  take(entry: ObjectEntry): void {
    const object = this.#objects[entry.object];
    if (object === undefined) return; // told by whoever checks references
    const before = this.#known.get(entry.object);
    const state = this.#stateOf(entry, before);
    const isGone = isDeletion(entry.action);
    const { observed, resourceVersion: version } = entry;
    const gone = isGone ? observed : undefined;
    if (state !== undefined && this.#checkState(entry, object, state))
      this.#changes?.takeState({ ...entry, previous: before?.state, current: state });
    this.#checkAction(entry, before);
    this.#known.set(entry.object, { state, first: before?.first ?? observed, last: observed, gone, version });
  }

  finish(): void {
    for (const [index, { firstSeen, lastSeen, deletedTime }] of this.#objects.entries()) {
      const known = this.#known.get(index);
      this.#problems.expect(known !== undefined, () => `objects[${index}] has no state in the timeline`);
      if (known === undefined) continue;
      const isAsTold = known.first === firstSeen && known.last === lastSeen && known.gone === deletedTime;
      this.#problems.expect(
        isAsTold,
        () => `objects[${index}]: firstSeen, lastSeen or deletedTime are not those of its states`,
      );
    }
  }

  #stateOf({ seq, state, patch }: ObjectEntry, before: Known | undefined): unknown {
    const isFirst = before === undefined;
    if ((state !== undefined) !== isFirst || (patch !== undefined) === isFirst) {
      this.#problems.add(`entry ${seq}: the first state of an object must be whole, each later one a patch`);
      return state;
    }
    if (patch === undefined || before?.state === undefined) return state;
    try {
      return applyPatch(before.state, patch);
    } catch (error) {
      this.#problems.add(`entry ${seq}: ${messageOf(error)}`);
      return undefined;
    }
  }

  #checkState({ seq, resourceVersion }: ObjectEntry, object: StoryObject, state: unknown): boolean {
    const metadata = field(state, 'metadata');
    const isIt =
      textOf(field(metadata, 'uid')) === object.uid &&
      textOf(field(metadata, 'name')) === object.name &&
      (textOf(field(metadata, 'namespace')) ?? null) === object.namespace &&
      textOf(field(state, 'kind')) === object.kind;
    this.#problems.expect(isIt, () => `entry ${seq}: this state is not one of ${object.kind} ${object.name}`);
    this.#problems.expect(
      textOf(path(state, 'metadata', 'resourceVersion')) === resourceVersion,
      () => `entry ${seq}: its state is not of resourceVersion ${resourceVersion}`,
    );
    return isIt;
  }

  #checkAction({ seq, action, resourceVersion }: ObjectEntry, before: Known | undefined): void {
    this.#problems.expect(before?.gone === undefined, () => `entry ${seq}: a state of an object that was gone before`);
    const isNew = action === 'deletedUnseen' || before?.version !== resourceVersion;
    this.#problems.expect(isNew, () => `entry ${seq}: the same resourceVersion ${resourceVersion} twice`);
  }
}
