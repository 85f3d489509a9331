import type { Timestamp } from '../model/time.ts';

/**
 * Where an entry stands in the timeline: its time, moved on where what is known to be ordered demands it. A text: time,
 * then how many steps it was moved beyond that time. Text order is timeline order; entries of one key keep the order of
 * the journal.
 */
export type OrderKey = string & { readonly __brand: 'OrderKey' };

const STEP_DIGITS = 8;
const TIME_LENGTH = 30;
const NO_STEPS = '0'.repeat(STEP_DIGITS);

export function keyAt(time: Timestamp): OrderKey {
  return `${time}${NO_STEPS}` as OrderKey;
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
  return previous.startsWith(time) || (previous as string) > time ? previous : keyAt(time);
}

/**
 * A key as numbers, which a merge compares many times for each line; among entries of one key `order` decides. `second`
 * is no count of seconds since anything: it only orders.
 */
export interface Place {
  readonly second: number;
  readonly nanosecond: number;
  readonly steps: number;
  readonly order: number;
}

/** Before everything. */
export const NOWHERE: Place = { second: 0, nanosecond: 0, steps: 0, order: 0 };

/** Behind everything. */
export const BEHIND_ALL: Place = { second: Number.POSITIVE_INFINITY, nanosecond: 0, steps: 0, order: 0 };

/** The place of a key. */
export function placeAt(key: OrderKey, order: number): Place {
  return { second: secondOf(key), nanosecond: nanosecondOf(key), steps: Number(key.slice(TIME_LENGTH)), order };
}

/** Date and time of day of a Timestamp, as one number that orders as they do. */
export function secondOf(time: string): number {
  const day = (digits(time, 0) * 100 + digits(time, 2)) * 10_000 + digits(time, 5) * 100 + digits(time, 8);
  return day * 86_400 + digits(time, 11) * 3600 + digits(time, 14) * 60 + digits(time, 17);
}

export function nanosecondOf(time: string): number {
  let value = 0;
  for (let at = 20; at < TIME_LENGTH - 1; at += 1) value = value * 10 + time.charCodeAt(at) - 48;
  return value;
}

function digits(time: string, at: number): number {
  return (time.charCodeAt(at) - 48) * 10 + time.charCodeAt(at + 1) - 48;
}

export function isBefore(a: Place, b: Place): boolean {
  if (a.second !== b.second) return a.second < b.second;
  if (a.nanosecond !== b.nanosecond) return a.nanosecond < b.nanosecond;
  if (a.steps !== b.steps) return a.steps < b.steps;
  return a.order < b.order;
}

export function comparePlaces(a: Place, b: Place): number {
  return isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0;
}
