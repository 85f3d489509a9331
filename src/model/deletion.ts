import { numberOf } from './fields.ts';
import type { ObjectMeta } from './resource.ts';
import { millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from './time.ts';

/** That an object is to be deleted, once its grace period is over. */
export interface DeletionRequest {
  /** When it was asked for, in whole seconds, by the server's clock. */
  readonly time: Timestamp;
  readonly gracePeriodSeconds: number;
}

/** `deletionTimestamp` is when the grace period ends, counted from the request; undefined where that tells no time. */
export function deletionRequestOf(metadata: ObjectMeta): DeletionRequest | undefined {
  const { deletionTimestamp = '', deletionGracePeriodSeconds } = metadata;
  const due = parseTimestamp(deletionTimestamp);
  const gracePeriodSeconds = numberOf(deletionGracePeriodSeconds) ?? 0;
  if (due === undefined) return undefined;
  const requested = new Date(millisecondsOf(due) - gracePeriodSeconds * 1000).getTime();
  return Number.isNaN(requested) ? undefined : { time: timestampOf(requested), gracePeriodSeconds };
}
