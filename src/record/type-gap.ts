import type { Gap, GapCause, GapSubject } from '../model/gap.ts';
import type { Timestamp } from '../model/time.ts';

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
