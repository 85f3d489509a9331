import type { Gap, GapCause, GapSubject } from '../model/gap.ts';
import type { Timestamp } from '../model/time.ts';
import type { Doubt } from './type-watch.ts';

/** What may be missing of a type. */
export type Lack = Extract<GapSubject, { resource: string }> & {
  readonly cause: GapCause;
  readonly since: Timestamp;
  /** Without it: until now. */
  readonly until?: Timestamp;
  readonly isOpen?: true;
};

/** The gap of a type: that of a refusal is known, of all others nobody knows whether anything happened. */
export function typeGap({ resource, namespace, ...lack }: Lack, evidence: string, now: Timestamp): Gap {
  const { cause, since: from, until: to = now, isOpen } = lack;
  const open = isOpen === undefined ? {} : { isOpen };
  const certainty = cause === 'forbidden' ? 'known' : 'suspected';
  return { of: { resource, namespace }, from, to, certainty, cause, evidence, ...open };
}

/** What is missing where something came late. */
export const LATE = {
  type: 'the type appeared during the capture; states of its objects before its first list cannot be had',
  owner:
    'objects were seen long before their owner, which tells that they are of the story; their first states, or their logs, were not kept',
} as const;

/** What shows that states of a type may have been missed until a list. */
export function evidenceOf({ cause, changes, error }: Doubt): string {
  if (cause === 'late-type') return LATE.type;
  if (cause === 'error') return `the first list failed at first, and what came and went meanwhile is unknown: ${error}`;
  const what = `a new list shows ${changes} changes, and what came and went meanwhile is unknown`;
  const nobody = cause === 'killed' ? 'nobody recorded for a time, and ' : '';
  return `${nobody}the watch could not go on from where it was; ${what}`;
}
