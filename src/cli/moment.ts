import { FaroError } from '../model/errors.ts';
import { millisecondsOf, parseTimestamp, type Timestamp, timestampOf, wholeSecondOf } from '../model/time.ts';
import { parseDuration } from './duration.ts';

const CLOCK = /^\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/;
const DAY_MS = 86_400_000;
const HINT = 'write 2026-11-25T16:07:03Z, 16:07:03 (UTC), +30s (after the start) or 30s (before the end)';

/** When a recording began and ended. */
interface Recorded {
  readonly startTime: string;
  readonly endTime: string;
}

/**
 * A moment of a story as people name it: an RFC 3339 time; a time of day in UTC as `view` shows it; `+30s` after the
 * story's start; `30s` before its end.
 */
export function momentIn(text: string, { startTime, endTime }: Recorded, option: string): Timestamp {
  const exact = parseTimestamp(text);
  if (exact !== undefined) return exact;
  const [start, end] = [startTime, endTime] as [Timestamp, Timestamp]; // the story's schema says so
  if (CLOCK.test(text)) return timeOfDay(text, start, option);
  const isAfterStart = text.startsWith('+');
  try {
    const ms = parseDuration(isAfterStart ? text.slice(1) : text, option);
    return timestampOf(isAfterStart ? millisecondsOf(start) + ms : millisecondsOf(end) - ms);
  } catch (cause) {
    throw new FaroError('usage', `${option}: "${text}" is no moment`, { hint: HINT, cause });
  }
}

/** As `momentIn`; throws FaroError `usage` for a moment of which the recording knows nothing. */
export function recordedMomentIn(text: string, recorded: Recorded, option: string): Timestamp {
  const moment = momentIn(text, recorded, option);
  const { startTime, endTime } = recorded;
  // `view` shows whole seconds: the one in which it began is in it.
  if (wholeSecondOf(moment) >= wholeSecondOf(startTime) && moment <= endTime) return moment;
  const where = moment < startTime ? 'before the recording began' : 'after the recording ended';
  throw new FaroError('usage', `${option}: ${moment} is ${where}`, {
    hint: `it went from ${startTime} to ${endTime}: name a moment in between`,
  });
}

/** The first such time of day from the start on. */
function timeOfDay(text: string, start: Timestamp, option: string): Timestamp {
  const padded = text.length === 5 ? `${text}:00` : text;
  const day = parseTimestamp(`${start.slice(0, 10)}T${padded}Z`);
  if (day === undefined) throw new FaroError('usage', `${option}: "${text}" is no time of day`, { hint: HINT });
  if (wholeSecondOf(day) >= wholeSecondOf(start)) return day;
  const next = timestampOf(millisecondsOf(day) + DAY_MS);
  return `${next.slice(0, 10)}${day.slice(10)}` as Timestamp; // the digits below a millisecond are kept
}
