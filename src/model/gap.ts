import { type ContainerInstance, instanceKey } from './instance.ts';
import type { Timestamp } from './time.ts';

/** Why something could not be had. */
export type GapCause =
  | 'expired' // 410: the watch history was compacted before it could be read
  | 'forbidden' // the user may not read it
  | 'rotation' // the kubelet rotated the log file away
  | 'reconnect' // a stream broke and what it carried could not be matched again
  | 'instance-gone' // the container instance's log no longer exists
  | 'unbound' // the API could not tell which container instance it showed
  | 'timeout' // --log-timeout passed without progress
  | 'late-type' // the type appeared during the capture; states before its first list cannot be had
  | 'late-owner' // an object's owner was seen long after it; its first states were not kept
  | 'limit' // --tail or --since asked for less
  | 'interrupted' // the capture ended before the log did, or before a type was listed for the first time
  | 'killed' // the recorder was killed
  | 'damaged' // a part of the journal could not be read
  | 'disk-full' // the disk could not take it, and it was no longer to be had, or not to be kept in memory, when it could
  | 'journal-full' // --max-journal-size was reached
  | 'error'; // it failed, e.g. the first list of a type at first

export type GapSubject =
  | { readonly container: ContainerInstance }
  /** A whole type, e.g. `pods` or `deployments.apps`, in a namespace or (null) in the cluster. */
  | { readonly resource: string; readonly namespace: string | null };

/** An interval in which something is missing from the story, or (suspected) may be. Nothing is lost without one. */
export interface Gap {
  readonly of: GapSubject;
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly certainty: 'known' | 'suspected';
  readonly cause: GapCause;
  /** What was seen that shows it; for a person. */
  readonly evidence: string;
  /** It lasts until the recording ends; of a type, or until a later gap of the same cause and beginning tells its end. */
  readonly isOpen?: boolean;
}

/** The same of a gap that is left open, and of the one that tells its end; undefined where no other one ever does. */
export function openGapKey({ of, cause, from }: Gap): string | undefined {
  return 'container' in of ? undefined : JSON.stringify([of, cause, from]);
}

/** The same of a gap and of the record that withdraws it. */
export function gapKey({ of, cause, from, to }: Gap): string {
  return JSON.stringify(['container' in of ? instanceKey(of.container) : of, cause, from, to]);
}

/** Why log lines are left where they are for now; if the capture ends before that does, they are a gap of this cause. */
export interface Hold {
  readonly cause: Extract<GapCause, 'disk-full' | 'journal-full'>;
  readonly evidence: string;
}
