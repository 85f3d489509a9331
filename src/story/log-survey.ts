import type { LogHeader } from '../journal/frame.ts';
import type { JournalPosition } from '../journal/reader.ts';
import { LineParts } from '../logs/line-parts.ts';
import { addTo } from '../model/counts.ts';
import { type ContainerInstance, instanceKey } from '../model/instance.ts';
import type { LogEndRecord, LogRoute, StreamClosedRecord, StreamOpenedRecord } from '../model/record.ts';
import { earlierOf, laterOf, millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import { BlockList } from './block-list.ts';

/** All that the journal holds of one container instance's log. */
export interface InstanceLog {
  readonly instance: ContainerInstance;
  readonly blocks: BlockList;
  readonly routes: Set<LogRoute>;
  /** How often its stream was opened again. */
  reconnects: number;
  lines: number;
  bytes: number;
  /** Markers that stand for credentials, by name. */
  readonly redactions: Map<string, number>;
  /** Bytes of its largest block, unpacked. */
  largest: number;
  repeatsRemoved: number;
  first: Timestamp | undefined;
  last: Timestamp | undefined;
  /** Up to here the recorder knew that nothing was missing, or has said so. */
  sure: Timestamp | undefined;
  end: LogEndRecord | undefined;
}

interface StreamState {
  readonly instance: ContainerInstance;
  boundTo: ContainerInstance | null;
  readonly route: LogRoute;
  readonly attempt: number;
  readonly isBeside: boolean;
  isClosed: boolean;
  repeatsRemoved: number;
  readonly blocks: BlockList;
  readonly parts: LineParts<LogBlock>;
  lines: number;
  bytes: number;
  readonly redactions: Map<string, number>;
  largest: number;
  first: Timestamp | undefined;
  last: Timestamp | undefined;
}

/** A block of lines, without its bytes, and where it stands. */
export interface LogBlock {
  readonly record: LogHeader;
  readonly seq: number;
  readonly position: JournalPosition;
}

/** Gathers, record by record, which streams and blocks hold whose lines, and how each log ended. */
export class LogSurvey {
  readonly #streams = new Map<number, StreamState>();
  readonly #ends = new Map<string, LogEndRecord>();
  /** There were lines of streams of which nobody tells whose they were. */
  hasStrangers = false;

  /** Logs that were read to their end, by the key of their instance. */
  get ended(): Iterable<string> {
    return this.#ends.keys();
  }

  /** Logs that were begun to be read, by the key of their instance; of one that has ended the beginning may be missing. */
  get begun(): Iterable<string> {
    return [...[...this.#streams.values()].map(({ instance }) => instanceKey(instance)), ...this.#ends.keys()];
  }

  opened({ instance, route, stream, attempt, beside }: StreamOpenedRecord): void {
    const own = { instance, boundTo: instance, route, attempt, isBeside: beside === true, isClosed: false };
    this.#streams.set(stream, { ...own, ...emptyLines(), parts: new LineParts() });
  }

  take(block: LogBlock): void {
    const stream = this.#streams.get(block.record.stream);
    if (stream === undefined) {
      this.hasStrangers = true;
      return;
    }
    for (const whole of stream.parts.take(block, block.record.part)) addBlock(stream, whole);
  }

  closed({ stream: number, boundTo, repeatsRemoved }: StreamClosedRecord): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    stream.boundTo = boundTo;
    stream.isClosed = true;
    stream.repeatsRemoved = repeatsRemoved;
  }

  end(record: LogEndRecord): void {
    this.#ends.set(instanceKey(record.instance), record);
  }

  /** Another recorder goes on: a log that was to go on has another end. */
  resumed(): void {
    for (const [key, { goesOn }] of this.#ends) if (goesOn === true) this.#ends.delete(key);
  }

  /** By the key of their instance. */
  finish(): ReadonlyMap<string, InstanceLog> {
    const logs = new Map<string, InstanceLog>();
    for (const stream of this.#streams.values()) {
      if (stream.boundTo === null) continue;
      const log = logOf(logs, stream.boundTo);
      log.reconnects = Math.max(log.reconnects, stream.attempt);
      log.routes.add(stream.route);
      log.repeatsRemoved += stream.repeatsRemoved;
      log.blocks.append(stream.blocks);
      addLines(log, stream);
      log.sure = sureAfter(log, stream);
      for (const [name, count] of stream.redactions) addTo(log.redactions, name, count);
    }
    for (const end of this.#ends.values()) logOf(logs, end.instance).end = end;
    return logs;
  }
}

function logOf(logs: Map<string, InstanceLog>, instance: ContainerInstance): InstanceLog {
  const key = instanceKey(instance);
  const known = logs.get(key);
  if (known !== undefined) return known;
  const own = { instance, routes: new Set<LogRoute>(), reconnects: 0, sure: undefined, end: undefined };
  const log: InstanceLog = { ...own, ...emptyLines() };
  logs.set(key, log);
  return log;
}

/** A stream that comes alone looks at its file so often at the least: a rotation shows by then. */
const LOOKED_MS = 15_000;

/** What a stream beside the files brought is sure once it was found there; what one alone brought, after a look at its file. */
function sureAfter(log: InstanceLog, { route, isBeside, isClosed }: StreamState): Timestamp | undefined {
  if (route === 'node-files' || log.last === undefined || (isBeside && isClosed)) return log.last;
  if (isBeside) return log.sure;
  const looked = timestampOf(millisecondsOf(log.last) - LOOKED_MS);
  return log.first !== undefined && looked < log.first ? log.first : looked;
}

function emptyLines() {
  return {
    blocks: new BlockList(),
    lines: 0,
    bytes: 0,
    redactions: new Map<string, number>(),
    largest: 0,
    repeatsRemoved: 0,
    first: undefined,
    last: undefined,
  };
}

function addBlock(stream: StreamState, { record, seq, position }: LogBlock): void {
  stream.blocks.push(position, seq);
  for (const [name, count] of Object.entries(record.redactions?.markers ?? {})) addTo(stream.redactions, name, count);
  addLines(stream, { ...record, bytes: record.contentBytes, largest: record.byteLength });
}

type Lines = Pick<StreamState, 'lines' | 'bytes' | 'largest' | 'first' | 'last'>;

function addLines(to: Lines, { lines, bytes, largest, first, last }: Readonly<Lines>): void {
  to.lines += lines;
  to.bytes += bytes;
  to.largest = Math.max(to.largest, largest);
  // Of a line that only goes on in it, a later block has the time.
  if (lines === 0) return;
  if (first !== undefined) to.first = earlierOf(to.first, first);
  if (last !== undefined) to.last = laterOf(to.last, last);
}
