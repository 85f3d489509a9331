import { FaroError } from '../model/errors.ts';
import { field, textOf } from '../model/fields.ts';
import { misfitOf } from '../model/object-shape.ts';
import type { KubeObject } from '../model/resource.ts';
import type { TimelineEntry } from './document.ts';
import { applyPatch, type PatchOperation } from './patch.ts';

type ObjectEntry = Extract<TimelineEntry, { type: 'object' }>;

/** A state of an object as the timeline tells it, with the one before. */
export interface ToldState {
  readonly previous: KubeObject | undefined;
  readonly current: KubeObject;
}

/** Rebuilds the states of a story's objects, each from the one before and its patch; a story may have been edited. */
export class ObjectStates {
  readonly #states = new Map<number, KubeObject>();

  /** The last state of each object, by its index. */
  get last(): ReadonlyMap<number, KubeObject> {
    return this.#states;
  }

  /**
   * The state that an entry tells. Throws FaroError `story`, naming the entry, where a patch does not fit, where nothing
   * is there for it to be applied to, and where what comes out is no object of the API.
   */
  take({ seq, object, state, patch }: Pick<ObjectEntry, 'seq' | 'object' | 'state' | 'patch'>): ToldState {
    const previous = this.#states.get(object);
    const current: unknown = state ?? patched(seq, previous, patch);
    if (!isObjectOfApi(current)) throw unfit(seq, 'its state is no object of the API');
    this.#states.set(object, current);
    return { previous, current };
  }
}

function patched(seq: number, previous: KubeObject | undefined, patch: ObjectEntry['patch']): unknown {
  if (previous === undefined) throw unfit(seq, 'the state before it is missing');
  try {
    return applyPatch(previous, (patch ?? []) as PatchOperation[]);
  } catch (error) {
    throw error instanceof FaroError ? unfit(seq, error.message) : error;
  }
}

function isObjectOfApi(state: unknown): state is KubeObject {
  const [version, kind] = [field(state, 'apiVersion'), field(state, 'kind')];
  return textOf(version) !== undefined && textOf(kind) !== undefined && misfitOf(state) === undefined;
}

function unfit(seq: number, fault: string): FaroError {
  return new FaroError('story', `entry ${seq}: ${fault}`, { hint: 'the story is damaged, or was edited' });
}
