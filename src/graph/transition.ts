import type { ObjectAction } from '../model/action.ts';
import { path, textOf } from '../model/fields.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';

/** A state of an object with the one before it. */
export interface Transition {
  /** undefined for the first state in the story. */
  readonly previous: KubeObject | undefined;
  readonly current: KubeObject;
  readonly action: ObjectAction;
}

/** `Deployment.apps`; the kind alone in the core group. */
export function groupKindOf({ apiVersion, kind }: KubeObject): string {
  const group = groupOf(apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

/** A text in an object that may not be there. */
export function textAt(object: KubeObject | undefined, ...names: readonly string[]): string | undefined {
  return textOf(path(object, ...names));
}

/** A time as objects state it. */
export function timeOf(text: string | undefined): Timestamp | undefined {
  return text === undefined ? undefined : parseTimestamp(text);
}
