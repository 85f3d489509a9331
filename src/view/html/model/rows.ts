import { type FactEntry, millisecondsSince, momentOf, type ReportData } from '../data/report-data.ts';
import { type Millis, timeOfLine } from './clock.ts';
import { gapHeadline, headlineOf } from './headline.ts';
import type { LaneIndex } from './lanes.ts';

/** What the list can show or leave out. */
export const ROW_TYPES = ['log', 'event', 'lifecycle', 'object', 'gap', 'note'] as const;
export type RowType = (typeof ROW_TYPES)[number];

/** Lane of what belongs to none. */
export const NO_LANE = -1;

/** Every entry of the story in its order, by column. A row's number is its place in it. */
export class Rows {
  readonly count: number;
  /** The line's index, or -1 - the index of the fact. */
  readonly #ref: Int32Array;
  readonly time: Float64Array;
  readonly lane: Int32Array;
  /** Index into ROW_TYPES. */
  readonly type: Uint8Array;
  readonly #data: ReportData;
  readonly #decoder = new TextDecoder();

  constructor(data: ReportData, index: LaneIndex) {
    this.#data = data;
    const { facts, logs } = data;
    this.count = facts.entries.length + logs.count;
    this.#ref = new Int32Array(this.count);
    this.time = new Float64Array(this.count);
    this.lane = new Int32Array(this.count);
    this.type = new Uint8Array(this.count);
    this.#merge();
    this.#describe(index);
  }

  seqOf(row: number): number {
    const ref = this.#ref[row] ?? 0;
    return ref >= 0 ? (this.#data.logs.seq[ref] ?? 0) : (this.#data.facts.entries[-1 - ref]?.seq ?? 0);
  }

  /** The row of an entry, or of the first one after it. */
  rowOfSeq(seq: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.seqOf(middle) < seq) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, this.count - 1);
  }

  lineOf(row: number): number | undefined {
    const ref = this.#ref[row] ?? -1;
    return ref >= 0 ? ref : undefined;
  }

  factOf(row: number): FactEntry | undefined {
    const ref = this.#ref[row] ?? 0;
    return ref < 0 ? this.#data.facts.entries[-1 - ref] : undefined;
  }

  /** What the row says; at most `most` bytes of a line. What is not valid UTF-8 shows as U+FFFD. */
  textOf(row: number, most = 4000): string {
    const line = this.lineOf(row);
    if (line !== undefined) return this.#decoder.decode(this.bytesOf(line).subarray(0, most));
    const fact = this.factOf(row);
    if (fact === undefined) return '';
    return fact.type === 'gap' ? gapHeadline(this.#data.facts.gaps[fact.gap]) : headlineOf(fact);
  }

  bytesOf(line: number): Uint8Array {
    const { text, ends } = this.#data.logs;
    return text.subarray(line === 0 ? 0 : ends[line - 1], ends[line]);
  }

  #merge(): void {
    const { facts, logs } = this.#data;
    let [fact, line] = [0, 0];
    for (let row = 0; row < this.count; row += 1) {
      const next = facts.entries[fact]?.seq ?? Number.POSITIVE_INFINITY;
      const isLine = line < logs.count && (logs.seq[line] ?? 0) < next;
      this.#ref[row] = isLine ? line++ : -1 - fact++;
    }
  }

  #describe(index: LaneIndex): void {
    const { facts, logs } = this.#data;
    const { startTime } = facts.metadata;
    const { nanos } = momentOf(startTime, startTime);
    for (let row = 0; row < this.count; row += 1) {
      const ref = this.#ref[row] ?? 0;
      const entry = ref < 0 ? facts.entries[-1 - ref] : undefined;
      if (entry === undefined) {
        this.time[row] = timeOfLine(logs, ref, nanos);
        this.lane[row] = index.ofRun[logs.container[ref] ?? -1] ?? NO_LANE;
      } else {
        this.time[row] = millisecondsSince(entry.time, startTime);
        this.lane[row] = laneOf(entry, index, this.#data);
        this.type[row] = ROW_TYPES.indexOf(entry.type);
      }
    }
  }
}

function laneOf(entry: FactEntry, index: LaneIndex, { facts }: ReportData): number {
  switch (entry.type) {
    case 'object':
      return index.ofObject[entry.object] ?? NO_LANE;
    case 'event':
      return index.ofObject[entry.object ?? -1] ?? NO_LANE;
    case 'lifecycle':
      return lifecycleLane(entry, index);
    case 'gap': {
      const of = facts.gaps[entry.gap]?.of;
      return of !== undefined && 'container' in of ? (index.ofRun[Number(of.container)] ?? NO_LANE) : NO_LANE;
    }
    default:
      return NO_LANE;
  }
}

function lifecycleLane({ object, containerName }: Extract<FactEntry, { type: 'lifecycle' }>, index: LaneIndex): number {
  const container = typeof containerName === 'string' ? index.ofContainer(object, containerName) : undefined;
  return container ?? index.ofObject[object] ?? NO_LANE;
}

export interface RowFilter {
  readonly types: ReadonlySet<RowType>;
  /** Lanes with what stands below them; undefined: all, and what belongs to no lane. */
  readonly lanes: ReadonlySet<number> | undefined;
  /** By row: 1 where it matches the search; undefined: no search. */
  readonly hits: Uint8Array | undefined;
}

/** The rows that a filter lets through, in order. */
export function filterRows(rows: Rows, { types, lanes, hits }: RowFilter): Uint32Array {
  const isShown = ROW_TYPES.map((type) => types.has(type));
  const result = new Uint32Array(rows.count);
  let count = 0;
  for (let row = 0; row < rows.count; row += 1) {
    if (!isShown[rows.type[row] ?? 0]) continue;
    if (lanes !== undefined && !lanes.has(rows.lane[row] ?? NO_LANE)) continue;
    if (hits !== undefined && hits[row] !== 1) continue;
    result[count++] = row;
  }
  return result.slice(0, count);
}

/** The place in a filtered list of the first row at or after a moment; times may step back a little within it. */
export function placeAt(rows: Rows, shown: Uint32Array, at: Millis): number {
  const place = shown.findIndex((row) => (rows.time[row] ?? 0) >= at);
  return place === -1 ? Math.max(0, shown.length - 1) : place;
}
