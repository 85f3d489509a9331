import type { GapCause } from './gap.ts';
import type { Timestamp } from './time.ts';

/**
 * Where a watch stands: nothing of what it watches was missed up to this resourceVersion, and all of it that belongs to
 * the story is written down. States behind it are positions too: the newer of the two is where a resumed capture goes on.
 */
export interface WatchedRecord {
  readonly kind: 'watched';
  readonly observed: Timestamp;
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly namespace: string | null;
  /** Where only one object is watched, or some. */
  readonly name?: string;
  readonly selector?: string;
  /** Absent while what was missed is listed: states behind this record are no positions then. */
  readonly resourceVersion?: string;
  /** It goes on from earlier, and may not have caught up: nothing had been missed for the last time then. */
  readonly heard?: Timestamp;
  /** Only metadata is watched, of which nothing is written down: this is no position, and tells only what may be missed. */
  readonly isMetadata?: true;
}

/** The same of a watch, whoever runs it. */
export function watchKey({
  resource,
  namespace,
  name = '',
  selector = '',
}: Pick<WatchedRecord, 'resource' | 'namespace' | 'name' | 'selector'>): string {
  return [resource, namespace ?? '', name, selector].join(' ');
}

/**
 * First states of objects of a type were not kept, for nobody knew whose they were: they are missing once one of these comes
 * into the story. Told so that a recorder which goes on after this one was killed can say so.
 */
export interface UnkeptRecord {
  readonly kind: 'unkept';
  readonly observed: Timestamp;
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly namespace: string | null;
  /** UIDs of the objects, or, where they are gone, of their owners. */
  readonly uids: readonly string[];
  /** Before this nothing was missed of them; from `until` on all is kept. */
  readonly since: Timestamp;
  readonly until: Timestamp;
}

/**
 * States of objects of a type may have been missed while none of them was of the story: they are missing once one comes into
 * it. Told so that a recorder which goes on after this one was killed can say so.
 */
export interface DoubtedRecord {
  readonly kind: 'doubted';
  readonly observed: Timestamp;
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly namespace: string | null;
  readonly since: Timestamp;
  readonly until: Timestamp;
  /** How many objects a new list found changed. */
  readonly changes: number;
  readonly cause: Extract<GapCause, 'expired' | 'late-type' | 'killed' | 'interrupted' | 'error'>;
  /** With the cause `error`: what the first try to list them came to. */
  readonly error?: string;
}
