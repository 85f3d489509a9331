import { type Gap, type GapCause, gapKey } from '../model/gap.ts';
import { type ContainerInstance, type InstanceState, instanceKey } from '../model/instance.ts';
import type { FilePosition, GapRecord, JournalRecord, LogEndRecord, LogRecord } from '../model/record.ts';
import type { KubeObject } from '../model/resource.ts';
import { earlierOf, laterOf, type Timestamp, wholeSecondOf } from '../model/time.ts';
import { instancesOf } from './instances.ts';
import { LineParts } from './line-parts.ts';
import { linesOf } from './lines.ts';
import { LONG_LINE_BYTES } from './long-line.ts';
import { LineDigest } from './stretch.ts';

/** A block of lines as a journal's reader gives it, with a way to its lines. */
export type PastBlock = Omit<LogRecord, 'bytes'> & { readonly read: () => Promise<LogRecord> };

type PastRecord = Exclude<JournalRecord, LogRecord> | PastBlock;

/** Lines that were recorded last, so that they are known again where they come once more. */
export interface RecentLines {
  readonly blocks: readonly LogRecord[];
  /** The greatest time before them. */
  readonly before: Timestamp | undefined;
}

/** Last lines that are known again, in bytes, at least. */
const RECENT_BYTES = 256 * 1024;
/** At most what stands around a line's content: a time, a space, a newline. */
const AROUND = 32;
/** Why what a stream brings may not be all. */
const DOUBTS: ReadonlySet<GapCause> = new Set(['rotation', 'reconnect']);
/** However much a second may bring. */
const MOST_BLOCKS = 128;

/** What a journal holds of one container run's log, of a capture that was killed: another recorder goes on behind it. */
export class LogPast {
  readonly instance: ContainerInstance;
  /** Where the reading of the node's files goes on. */
  position: FilePosition | undefined;
  /** Set where its log was read to its end, or given up: nothing is to be read any more. */
  end: LogEndRecord | undefined;
  /** The greatest time that the node's files told. */
  proven: Timestamp | undefined;
  last: Timestamp | undefined;
  first: Timestamp | undefined;
  /** The newest state of the run that a pod showed. */
  state: InstanceState | undefined;
  lines = 0;
  bytes = 0;
  gaps = 0;
  /** Those of what its streams brought alone: nothing of them is missing where its files hold the log from its beginning on. */
  doubts: readonly Gap[] = [];
  rotations = 0;
  /** How often its stream was opened again. */
  attempts = 0;
  #firstBlock: PastBlock | undefined;
  #recent: PastBlock[] = [];
  #recentBytes = 0;
  #before: Timestamp | undefined;
  /** Of the stream, not yet found in the node's files. */
  #unproven: PastBlock[] = [];
  /** Of a line that did not end nothing is known: it comes again. */
  readonly #parts = new LineParts<PastBlock>();

  constructor(instance: ContainerInstance) {
    this.instance = instance;
  }

  get unprovenBytes(): number {
    return this.#unproven.reduce((sum, { contentBytes }) => sum + contentBytes, 0);
  }

  /** The journal's streams that hold what is not proven. */
  get unprovenStreams(): readonly number[] {
    return [...new Set(this.#unproven.map(({ stream }) => stream))];
  }

  take(block: PastBlock): void {
    for (const whole of this.#parts.take(block, block.part)) this.#takeWhole(whole);
  }

  #takeWhole(block: PastBlock): void {
    this.#firstBlock ??= block;
    this.lines += block.lines;
    this.bytes += block.contentBytes + block.lines * AROUND;
    this.last = laterOf(this.last, block.last);
    this.first = earlierOf(this.first, block.first);
    if ((block.part?.index ?? 0) === 0) this.#keep(block);
    if (block.format === 'timestamped') {
      this.#unproven.push(block);
      return;
    }
    if (this.position !== undefined && block.offset < this.position.offset) this.rotations += 1;
    this.prove(block.position);
  }

  takeGap({ gap, isWithdrawn }: GapRecord): void {
    this.gaps += isWithdrawn === true ? -1 : 1;
    if (isWithdrawn === true) this.doubts = this.doubts.filter((doubt) => gapKey(doubt) !== gapKey(gap));
    else if (this.position === undefined && DOUBTS.has(gap.cause)) this.doubts = [...this.doubts, gap];
  }

  /** What one of its streams brought was found in the node's files. */
  prove(position: FilePosition | undefined): void {
    this.position = position;
    this.proven = this.last;
    this.#unproven = [];
  }

  /** Another stream holds the same lines. */
  disown(stream: number): void {
    const own = this.#unproven.filter((block) => block.stream === stream);
    for (const { lines, contentBytes } of own) {
      this.lines -= lines;
      this.bytes -= contentBytes + lines * AROUND;
    }
    this.#unproven = this.#unproven.filter((block) => block.stream !== stream);
    this.#recent = this.#recent.filter((block) => block.stream !== stream);
    this.#recentBytes = this.#recent.reduce((sum, block) => sum + bytesOf(block), 0);
    if (this.#firstBlock?.stream === stream) this.#firstBlock = undefined;
    // The greatest time may have been one of theirs; what the files told is certain.
    if (own.length > 0) this.last = this.proven;
  }

  /** All that the stream brought and no file has proven. */
  async unproven(): Promise<LineDigest> {
    const digest = new LineDigest();
    for (const block of this.#unproven) digest.add(inLine(await block.read()), block.lines);
    return digest;
  }

  async recentLines(): Promise<RecentLines> {
    const blocks = await Promise.all(this.#recent.map((block) => block.read()));
    return { blocks, before: this.#before };
  }

  /** The first line of its log. */
  async firstLine(): Promise<Buffer | undefined> {
    const block = await this.#firstBlock?.read();
    return block === undefined ? undefined : linesOf(block.bytes).next().value;
  }

  /** Keeps the last blocks: enough bytes of them, and all of the last second. */
  #keep(block: PastBlock): void {
    this.#recent.push(block);
    this.#recentBytes += bytesOf(block);
    const second = wholeSecondOf(this.last ?? '');
    for (let oldest = this.#recent[0]; oldest !== undefined && this.#recent.length > 1; oldest = this.#recent[0]) {
      const isOfThisSecond = wholeSecondOf(oldest.last) >= second && this.#recent.length <= MOST_BLOCKS;
      if (isOfThisSecond || this.#recentBytes - bytesOf(oldest) < RECENT_BYTES) return;
      this.#recentBytes -= bytesOf(oldest);
      this.#recent.shift();
      this.#before = laterOf(this.#before, oldest.last);
    }
  }
}

/** A line that came in parts is known by the first of them. */
function bytesOf({ contentBytes, part }: PastBlock): number {
  return part === undefined ? contentBytes : LONG_LINE_BYTES;
}

/** What a block is within its line, where it is a part of one: the time stands before the first part, the newline behind the last. */
function inLine({ bytes, part = { index: 0, isLast: true } }: LogRecord): Buffer {
  return bytes.subarray(part.index === 0 ? 0 : bytes.indexOf(32) + 1, part.isLast ? bytes.length : -1);
}

/** What a journal holds of all logs. */
export class LogPasts {
  readonly #logs = new Map<string, LogPast>();
  readonly #streams = new Map<number, LogPast>();
  /** The first number that no stream has. */
  nextStream = 0;

  of(instance: ContainerInstance): LogPast | undefined {
    return this.#logs.get(instanceKey(instance));
  }

  ofPod(podUid: string): readonly LogPast[] {
    return [...this.#logs.values()].filter(({ instance }) => instance.podUid === podUid);
  }

  /** Takes in a state of a pod: runs whose logs were not begun are to be read, too. */
  observe(pod: KubeObject): void {
    for (const state of instancesOf(pod)) this.#log(state.instance).state = state;
  }

  take(record: PastRecord): void {
    switch (record.kind) {
      case 'streamOpened': {
        const log = this.#log(record.instance);
        log.attempts = Math.max(log.attempts, record.attempt);
        this.#streams.set(record.stream, log);
        this.nextStream = Math.max(this.nextStream, record.stream + 1);
        return;
      }
      case 'log':
        this.#streams.get(record.stream)?.take(record);
        return;
      case 'streamClosed': {
        const log = this.#streams.get(record.stream);
        if (record.boundTo === null) log?.disown(record.stream);
        else if (record.position !== undefined) log?.prove(record.position);
        return;
      }
      case 'logEnd':
        this.#log(record.instance).end = record.goesOn === true ? undefined : record;
        return;
      case 'gap':
        if ('container' in record.gap.of) this.#log(record.gap.of.container).takeGap(record);
        return;
      default:
        return;
    }
  }

  #log(instance: ContainerInstance): LogPast {
    const log = this.#logs.get(instanceKey(instance)) ?? new LogPast(instance);
    this.#logs.set(instanceKey(instance), log);
    return log;
  }
}
