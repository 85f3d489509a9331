import type { Timestamp } from '../model/time.ts';

/**
 * Where an entry stands in the timeline: its time, moved on where what is known to be ordered demands it. A text: time,
 * then how many steps it was moved beyond that time. Text order is timeline order; entries of one key keep the order of
 * the journal.
 */
export type OrderKey = string & { readonly __brand: 'OrderKey' };

const STEP_DIGITS = 8;
const TIME_LENGTH = 30;

export function keyAt(time: Timestamp): OrderKey {
  return `${time}${'0'.repeat(STEP_DIGITS)}` as OrderKey;
}

/** At `time`, but after `previous` in any case. */
export function keyAfter(previous: OrderKey | undefined, time: Timestamp): OrderKey {
  const own = keyAt(time);
  if (previous === undefined || own > previous) return own;
  const steps = Number(previous.slice(TIME_LENGTH)) + 1;
  return `${previous.slice(0, TIME_LENGTH)}${String(steps).padStart(STEP_DIGITS, '0')}` as OrderKey;
}

/** At `time`, but not before `previous`: lines of one log keep their order by standing in it. */
export function keyNotBefore(previous: OrderKey, time: Timestamp): OrderKey {
  // Compared without making a key first: this runs once a line.
  return previous.startsWith(time) || (previous as string) > time ? previous : keyAt(time);
}
