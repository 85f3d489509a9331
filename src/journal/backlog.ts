import type { Hold } from '../model/gap.ts';
import { Gathering } from '../model/gathering.ts';
import type { JournalRecord, ObjectRecord } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import { type WatchedRecord, watchKey } from '../model/watch-records.ts';
import { encodeFrame, type Frame, markBatch, sizeOf } from './frame.ts';
import { type Loss, Losses } from './losses.ts';
import type { Room } from './room.ts';

export interface BacklogOptions {
  /** With more than this in memory, of each object only the newest state is kept. */
  readonly heldBytes: number;
  readonly room: Room;
  /** By how many milliseconds the recorder's clock is ahead of the server's, at least; undefined where nobody knows. */
  readonly aheadMs?: (() => number | undefined) | undefined;
}

/** What gives way first, and what then. */
export type Bulk = 'log' | 'state';

interface Item {
  readonly kind: Bulk | 'end' | 'other';
  readonly frame: Frame;
  readonly bytes: number;
  readonly loss: Loss | undefined;
}

/**
 * What waits for the disk, in order and in bounded memory. Log lines are held back by whoever reads them. Watches are
 * not: with too much in memory, of an object that changes again only the newest state is kept, and of Events nothing;
 * what that loses is a gap. In a journal of limited size the busiest logs give way first, then states (see `Room`); the
 * gaps and the ends of logs are always written.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #losses: Losses;
  readonly #bench = new Gathering();
  #waiting: Item[] = [];
  #waitingBytes = 0;
  #inFlight: readonly Item[] = [];
  #inFlightBytes = 0;
  /**
   * What waits outside of the order, because there is too much in it, in an order of its own: of each object its newest
   * state, of each watch its last word of where it stands. That tells that all states before it are in the journal; and it
   * must not come behind newer ones, which are positions, too.
   */
  #held = new Map<string, ObjectRecord | WatchedRecord>();

  constructor(options: BacklogOptions) {
    this.#options = options;
    this.#losses = new Losses(options.aheadMs);
  }

  get bytes(): number {
    return this.#waitingBytes + this.#inFlightBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  take(record: JournalRecord): void {
    const loss = this.#losses.lossOf(record);
    if (record.kind === 'log') this.#takeBulk(record, 'log', loss);
    else if (record.kind === 'object' || record.kind === 'event') this.#takeState(record, loss);
    else if (record.kind === 'watched' && record.isMetadata !== true && this.#held.size > 0)
      this.#hold(watchKey(record), record);
    else if (record.kind === 'logEnd') for (const told of this.#losses.atEnd(record)) this.#push(told);
    else this.#push(record);
  }

  /** All that waits is under way now. */
  next(): readonly Frame[] {
    this.#inFlight = [...this.#inFlight, ...this.#waiting];
    this.#inFlightBytes += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    // What was under way in vain is written anew together with what came since: it begins as it did before.
    markBatch(this.#inFlight[0]?.frame ?? []);
    return this.#inFlight.map(({ frame }) => frame);
  }

  /** What was under way has arrived. */
  done(): void {
    this.#inFlight = [];
    this.#inFlightBytes = 0;
  }

  /** Takes what was left out of the order back into it, behind the gaps of what that lost, once there is room in memory. */
  settle(observed: Timestamp, { isEnd = false }: { readonly isEnd?: boolean } = {}): void {
    if (this.#held.size === 0 && !isEnd) return;
    if (this.bytes > this.#options.heldBytes / 2 && !isEnd) return;
    const held = [...this.#held.values()];
    this.#held = new Map();
    this.#beforeEnd(() => {
      this.#tell(observed);
      for (const record of held)
        if (record.kind === 'object') this.#takeBulk(record, 'state', this.#losses.lossOf(record));
        else {
          this.#tell(observed); // states may not be kept after all, in a journal of limited size
          this.#push(record);
        }
      this.#tell(observed);
    });
  }

  #tell(observed: Timestamp): void {
    for (const told of this.#losses.tell(observed)) this.#push(told);
  }

  /** The last word comes last. */
  #hold(key: string, record: ObjectRecord | WatchedRecord): void {
    this.#held.delete(key);
    this.#held.set(key, record);
  }

  /** There is no room for it: log lines, or states and Events, that wait or are under way become gaps. */
  shed(bulk: Bulk, hold: Hold, observed: Timestamp): void {
    const items = [...this.#inFlight, ...this.#waiting];
    this.done();
    this.#replace(items.filter(({ kind }) => kind !== bulk));
    for (const { kind, loss } of items) if (kind === bulk && loss !== undefined) this.#losses.add(loss, hold);
    this.settle(observed, { isEnd: true });
  }

  #takeState(record: Extract<JournalRecord, { kind: 'object' | 'event' }>, loss: Loss | undefined): void {
    if (this.bytes <= this.#options.heldBytes && this.#held.size === 0) {
      this.#takeBulk(record, 'state', loss);
      return;
    }
    if (record.kind === 'event') {
      if (loss !== undefined) this.#losses.add(loss, MEMORY_FULL);
      return;
    }
    const { uid } = record.object.metadata;
    const known = this.#held.get(uid);
    const lost = known === undefined ? undefined : this.#losses.lossOf(known);
    if (known?.kind !== 'object' || lost === undefined) {
      this.#hold(uid, record);
      return;
    }
    this.#losses.add({ ...lost, to: record.observed }, MEMORY_FULL);
    const isFirst = (known.action === 'found' || known.action === 'created') && record.action === 'changed';
    this.#hold(uid, isFirst ? { ...record, action: known.action } : record);
  }

  #takeBulk(record: JournalRecord, kind: Bulk, loss: Loss | undefined): void {
    const { room } = this.#options;
    const log = loss === undefined ? undefined : logOf(loss);
    const isOver = loss !== undefined && (log === undefined ? room.isFull : room.hasStopped(log));
    const frame = isOver ? [] : this.#encode(record);
    const bytes = sizeOf(frame);
    if (loss !== undefined && (isOver || !room.takes(bytes, log))) this.#losses.add(loss, JOURNAL_FULL);
    else this.#add({ kind, frame, bytes, loss });
  }

  #push(record: JournalRecord): void {
    const frame = this.#encode(record);
    const kind = record.kind === 'end' ? 'end' : 'other';
    this.#add({ kind, frame, bytes: sizeOf(frame), loss: undefined });
  }

  #encode(record: JournalRecord): Frame {
    return encodeFrame(record, { isPlain: this.#options.room.isAmple, bench: this.#bench });
  }

  #add(item: Item): void {
    this.#waiting.push(item);
    this.#waitingBytes += item.bytes;
    this.#options.room.add(item.bytes);
  }

  /** The end of a journal is its last record. */
  #beforeEnd(add: () => void): void {
    const end = this.#waiting.filter(({ kind }) => kind === 'end');
    this.#replace(this.#waiting.filter(({ kind }) => kind !== 'end'));
    add();
    this.#replace([...this.#waiting, ...end]);
  }

  #replace(waiting: Item[]): void {
    this.#waiting = waiting;
    this.#waitingBytes = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const MEMORY_FULL: Hold = {
  cause: 'disk-full',
  evidence: 'the disk took less than came, and memory is bounded: of each object the newest state was kept',
};
export const JOURNAL_FULL: Hold = { cause: 'journal-full', evidence: 'the journal has its greatest size' };

/** A container's runs are one log: one that crashes again and again takes no more room for it. */
function logOf({ of }: Loss): string | undefined {
  return 'container' in of ? `${of.container.podUid}/${of.container.container}` : undefined;
}
