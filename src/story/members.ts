import type { TimelineEntry } from './document.ts';
import { type Ranges, rangesOf } from './index-set.ts';
import { BYTE, startsWith } from './json-walker.ts';

/**
 * A compressed story is cut into members that can be decompressed alone, each of which begins with the line of an
 * entry (the first: with the document). What is in each is written behind them, so that a reader can skip those that
 * hold nothing that it wants.
 */
export interface Member {
  /** Of its first byte in the document, before compression. */
  readonly offset: number;
  /** Of its first byte in the file. */
  readonly at: number;
  readonly contents: Contents;
}

/** Which entries a member may hold. */
export interface Contents {
  /** Smallest and greatest time; both empty where the member holds no entry. */
  readonly from: string;
  readonly to: string;
  /** A bit for each type, in the order of TYPES. */
  readonly types: number;
  readonly objects: Ranges;
  readonly containers: Ranges;
}

export const TYPES: readonly TimelineEntry['type'][] = ['object', 'event', 'lifecycle', 'log', 'gap', 'note'];

/** Each entry of the timeline begins so, at the beginning of a line. */
export const LINE = Buffer.from('{"seq":');
export const LINE_BREAK = Buffer.from('\n{"seq":');
const TIME = ',"time":"';
/** Between the beginning of the time and the type there is at least this. */
const BEFORE_TYPE = 60;
const TYPE = Buffer.from('"type":"');
const LOG = Buffer.from('log","container":');

/** What is in the bytes of a member; its entries stand on a line each. Throws SyntaxError where one is none. */
export function contentsOf(bytes: Buffer): Contents {
  const objects = new Set<number>();
  const containers = new Set<number>();
  let [from, to, types] = ['', '', 0];
  for (let at = 0; at < bytes.length; at = lineAfter(bytes, at)) {
    if (!startsWith(bytes, at, LINE)) continue;
    const start = bytes.indexOf(BYTE.comma, at) + TIME.length;
    const time = bytes.toString('latin1', start, start + 30);
    if (from === '' || time < from) from = time;
    if (time > to) to = time;
    const type = bytes.indexOf(TYPE, start + BEFORE_TYPE) + TYPE.length;
    if (startsWith(bytes, type, LOG)) {
      types |= 1 << TYPES.indexOf('log');
      containers.add(numberAt(bytes, type + LOG.length));
    } else {
      const subjects = subjectsOf(bytes, at);
      types |= 1 << TYPES.indexOf(subjects.type);
      if (typeof subjects.object === 'number') objects.add(subjects.object);
      if (typeof subjects.container === 'number') containers.add(subjects.container);
    }
  }
  return { from, to, types, objects: rangesOf(objects), containers: rangesOf(containers) };
}

function lineAfter(bytes: Buffer, at: number): number {
  const newline = bytes.indexOf(BYTE.newline, at);
  return newline === -1 ? bytes.length : newline + 1;
}

function numberAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = at; ; index += 1) {
    const digit = (bytes[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}

type Subjects = Pick<TimelineEntry, 'type'> & { readonly object?: unknown; readonly container?: unknown };

function subjectsOf(bytes: Buffer, at: number): Subjects {
  const newline = bytes.indexOf(BYTE.newline, at);
  const end = newline === -1 ? bytes.length : newline;
  return JSON.parse(bytes.toString('utf8', at, bytes[end - 1] === BYTE.comma ? end - 1 : end)) as Subjects;
}
