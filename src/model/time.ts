/**
 * A moment as RFC 3339 in UTC with exactly nine digits of fraction, e.g. `2026-11-23T16:07:00.120000000Z`.
 * A string, because a Number loses nanoseconds; of one fixed width, so that text order is time order.
 */
export type Timestamp = string & { readonly __brand: 'Timestamp' };

/** Where time comes from; injected, so that a simulation can run on its own. */
export interface Clock {
  /** Milliseconds since the epoch, with a fraction where the platform has one. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** Normalises any RFC 3339 time; undefined where the text is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  const utc = zone === 'Z' ? seconds : new Date(milliseconds).toISOString().slice(0, 19);
  return `${utc}.${fraction.padEnd(9, '0')}Z` as Timestamp;
}

/** A clock's milliseconds as a Timestamp (microseconds kept where the clock gives them). */
export function timestampOf(milliseconds: number): Timestamp {
  const micros = Math.round((milliseconds - Math.floor(milliseconds)) * 1000);
  const whole = new Date(Math.floor(milliseconds) + (micros === 1000 ? 1 : 0)).toISOString();
  return `${whole.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}000Z` as Timestamp;
}

/** The time of day of a Timestamp as it is shown, `16:07:03.120`, or `16:07:03` where it has whole seconds; also of a part of one. */
export function timeOfDay(time: string, precision?: '1s'): string {
  return time.slice(11, precision === '1s' ? 19 : 23);
}

/** The whole second of a Timestamp, `2026-11-23T16:07:00`: Kubernetes tells its own times in these. */
export function wholeSecondOf(time: string): string {
  return time.slice(0, 19);
}

/** Milliseconds since the epoch; the digits below a millisecond are dropped. */
export function millisecondsOf(time: Timestamp): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

/** The later of two times, or the only one that there is. */
export function laterOf(known: Timestamp | undefined, other: Timestamp): Timestamp {
  return known === undefined || known < other ? other : known;
}

/** The earlier of two times, or the only one that there is. */
export function earlierOf(known: Timestamp | undefined, other: Timestamp): Timestamp {
  return known === undefined || other < known ? other : known;
}

/** The last moment of a time's second: what the kubelet tells in whole seconds may have been as late. */
export function endOfSecond<T extends Timestamp | undefined>(time: T): T {
  return time === undefined ? time : (`${wholeSecondOf(time)}.999999999Z` as T);
}
