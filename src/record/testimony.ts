import type { Reference } from '../graph/references.ts';
import type { ApiError } from '../kube/error.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { UnkeptRecord } from '../model/watch-records.ts';
import type { PastTarget } from './past-watches.ts';
import type { Doubt, WatchedChange } from './type-watch.ts';

/** What one watch sees: a type in a namespace (null: everywhere), or the one object of it that `name` names. */
export interface WatchedPlace {
  readonly type: ResourceType;
  readonly namespace: string | null;
  readonly name?: string | undefined;
}

export function placeKey({ type, namespace, name = '' }: WatchedPlace): string {
  return `${namespace ?? ''}/${groupResourceOf(type)}/${name}`;
}

/** Where a watch stands. */
export interface Standing {
  readonly resourceVersion: string | undefined;
  readonly heard?: Timestamp | undefined;
  /** Nothing of what it watches is written down. */
  readonly isMetadata?: boolean;
}

/** When states of an object came whose owner, which tells that it is of the story, came late. */
export interface Lateness {
  readonly since: Timestamp;
  /** Without it: until now. */
  readonly until?: Timestamp;
}

/** Objects whose first states were not kept: their UIDs, or those of their owners. */
export type Unkept = Pick<UnkeptRecord, 'uids' | 'since' | 'until'>;

/** What was yet to be told when the capture ended; of what is not needed, only that it may be missing is said. */
export interface Unheard extends Pick<Doubt, 'since' | 'cause'> {
  readonly isNeeded: boolean;
}

/** What the watches tell the recorder. Every call is synchronous: watches are always drained. */
export interface Witness {
  /** Metadata of an object whose type is not in the story (yet); returns the UIDs that came into the story with it. */
  learn(resource: string, object: KubeObject): readonly string[];
  forget(uid: string): void;
  /** Whether an object has an owner that was not seen yet. */
  isUnplaced(uid: string): boolean;
  /** A whole state; returns the UIDs that came into the story with it. */
  state(resource: string, change: WatchedChange): readonly string[];
  event(change: WatchedChange): void;
  /** A type is asked for because objects of the story name some of it. */
  explains(type: ResourceType): void;
  /** A state of an object that objects of the story name. */
  referenced(reference: Reference, resource: string, change: WatchedChange): void;
  /** What objects of the story name may not be read. */
  unexplained(type: ResourceType, error: ApiError): void;
  /** A type was listed anew after its history was lost: states since then may have been missed, also of members that it has. */
  relisted(type: ResourceType, namespace: string | null, doubt: Doubt & { readonly hasMembers?: boolean }): void;
  /** The same of a type that has none: that concerns the story once one comes into it. */
  doubted(target: PastTarget, doubt: Doubt): void;
  /** Whether the story lacks something without a type, of whose objects nothing is known. */
  isNeeded(type: ResourceType): boolean;
  /** The capture ended before a watch had told what there is. */
  unheard(type: ResourceType, namespace: string | null, unheard: Unheard): void;
  /** Whether a state of an object was written down. */
  hasState(uid: string): boolean;
  /** A watch stands at this resourceVersion; undefined: it lists what it may have missed since it was heard. */
  stands(target: PastTarget, at: Standing): void;
  /** Whether the story lacks what its reader came for without it, whatever was seen of it so far. */
  isEssential(type: ResourceType): boolean;
  /** The user may not (any more) read a type, or the one object of it that `name` names, or it is not served; it was `heard` last. */
  denied(place: WatchedPlace, error: ApiError, heard: Timestamp): void;
  /** Whether a gap is open of what may not be read, from when it was heard last. */
  isRefused(place: WatchedPlace): boolean;
  /** What was denied was listed, which ends that gap; returns whether there was one. */
  readable(place: WatchedPlace): boolean;
  failing(type: ResourceType, error: Error): void;
  /** States of objects of the story came and went before they could be had. */
  late(target: PastTarget, lateness: Lateness): void;
  /** So they did of objects that are of the story if their owners, yet to be seen, are. */
  unkept(target: PastTarget, what: Unkept): void;
  /** The recorder itself cannot go on, e.g. because the journal cannot be written. */
  fatal(error: unknown): void;
}
