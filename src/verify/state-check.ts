import { isDeletion } from '../model/action.ts';
import { messageOf } from '../model/errors.ts';
import type { KubeObject } from '../model/resource.ts';
import type { StoryObject, TimelineEntry } from '../story/document.ts';
import { ObjectStates, type ToldState } from '../story/object-states.ts';
import type { ChangeCheck } from './change-check.ts';
import type { Problems } from './problems.ts';

type ObjectEntry = Extract<TimelineEntry, { type: 'object' }>;

interface Known {
  first: string;
  last: string;
  gone: string | undefined;
  version: string;
}

/** Builds every state of every object out of its patches, and holds it against what else the story says of it. */
export class StateCheck {
  readonly #objects: readonly StoryObject[];
  readonly #problems: Problems;
  readonly #states = new ObjectStates();
  readonly #known = new Map<number, Known>();
  /** Where it can be told what this version of faro makes of states. */
  readonly #changes: ChangeCheck | undefined;

  constructor(objects: readonly StoryObject[], problems: Problems, changes?: ChangeCheck) {
    this.#objects = objects;
    this.#problems = problems;
    this.#changes = changes;
  }

  /** The state that an entry tells, where it tells one of its object. */
  take(entry: ObjectEntry): KubeObject | undefined {
    const object = this.#objects[entry.object];
    if (object === undefined) return undefined; // told by whoever checks references
    const before = this.#known.get(entry.object);
    const told = this.#rebuild(entry, before === undefined);
    const isOne = told !== undefined && this.#checkState(entry, object, told.current);
    if (isOne) this.#changes?.takeState({ ...entry, ...told });
    this.#checkAction(entry, before);
    const { observed, resourceVersion: version } = entry;
    const gone = isDeletion(entry.action) ? observed : undefined;
    this.#known.set(entry.object, { first: before?.first ?? observed, last: observed, gone, version });
    return isOne ? told.current : undefined;
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

  #rebuild(entry: ObjectEntry, isFirst: boolean): ToldState | undefined {
    const { seq, state, patch } = entry;
    const isFormal = (state !== undefined) === isFirst && (patch === undefined) === isFirst;
    this.#problems.expect(
      isFormal,
      () => `entry ${seq}: the first state of an object must be whole, each later one a patch`,
    );
    try {
      return isFormal || state !== undefined ? this.#states.take(entry) : undefined;
    } catch (error) {
      this.#problems.add(messageOf(error));
      return undefined;
    }
  }

  #checkState({ seq, resourceVersion }: ObjectEntry, object: StoryObject, { kind, metadata }: KubeObject): boolean {
    const { uid, name, namespace = null } = metadata;
    const isIt = uid === object.uid && name === object.name && namespace === object.namespace && kind === object.kind;
    this.#problems.expect(isIt, () => `entry ${seq}: this state is not one of ${object.kind} ${object.name}`);
    this.#problems.expect(
      metadata.resourceVersion === resourceVersion,
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
