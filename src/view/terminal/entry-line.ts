import { printable } from '../../model/printable.ts';
import { timeOfDay } from '../../model/time.ts';
import { detailText, wordsOf } from '../../story/words.ts';
import { type Line, span, type Tone } from './line.ts';

/** What the tail and the time line show of an entry, wherever it comes from. */
export interface EntryText {
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly type: 'log' | 'event' | 'lifecycle' | 'object' | 'gap' | 'note';
  /** What it is about: an object, a pod's container, a type. */
  readonly who: string;
  readonly text: string;
  readonly isBad: boolean;
}

const MARKS: Readonly<Record<EntryText['type'], { readonly mark: string; readonly tone: Tone }>> = {
  log: { mark: ' ', tone: 'plain' },
  event: { mark: 'E', tone: 'event' },
  lifecycle: { mark: '*', tone: 'change' },
  object: { mark: '~', tone: 'dim' },
  gap: { mark: '!', tone: 'bad' },
  note: { mark: 'i', tone: 'busy' },
};

/** `16:07:00.120 * web-7c9-x2x/app  terminated Error, exitCode 3`; marks tell the types apart without colour, too. */
export function entryLine({ time, type, who, text, isBad }: EntryText): Line {
  const { mark, tone } = MARKS[type];
  return [
    span(`${printable(timeOfDay(time)).padEnd(12)} `, 'dim'),
    span(`${mark} `, isBad ? 'bad' : tone),
    span(`${printable(who)}  `, type === 'log' ? 'dim' : isBad ? 'bad' : tone),
    span(printable(text), isBad ? 'bad' : type === 'log' ? 'plain' : tone),
  ];
}

/** Fields of a lifecycle change that its text repeats or that tell nothing to a person. */
const UNTOLD = new Set(['what', 'time', 'container', 'containerKind', 'containerID', 'startedAt', 'restart']);
const BAD = /fail|evict|unready|backoff|oom|lost|error/i;

/** What becomes of every container that is told to end. */
const OF_AN_END = new Set(['terminated', 'unready', 'podUnready']);

/** A lifecycle change in words: its name, then what belongs to it. `isTold`: its container, or pod, was told to end. */
export function changeText(
  change: Readonly<Record<string, unknown>>,
  isTold: boolean,
): { readonly text: string; readonly isBad: boolean } {
  const name = String(change.what);
  const what = wordsOf(name);
  const details = Object.entries(change).flatMap(([detail, value]) => {
    if (UNTOLD.has(detail) || value === undefined || value === '' || value === false) return [];
    return [detailText(name, detail, value)];
  });
  const exitCode = change.exitCode;
  const isFailure = BAD.test(name) || (typeof exitCode === 'number' && exitCode !== 0);
  const isBad = change.isOutOfMemory === true || (isFailure && !(isTold && OF_AN_END.has(name)));
  return { text: details.length === 0 ? what : `${what}: ${details.join(', ')}`, isBad };
}
