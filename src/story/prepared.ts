import type { KubeObject } from '../model/resource.ts';
import type { Cursor, EntrySink, Source } from './merge.ts';
import { comparePlaces, isBefore, NOWHERE, type Place } from './order.ts';

/** What entries are kept in at a time. */
const CHUNK = 1024 * 1024;
/** With no more than this of JSON the entries themselves are kept, too: who looks at them need not parse them. */
const KEPT_BYTES = 256 * 1024;
/** Numbers of an entry: its place, then in which chunk, where and how long its JSON stands. */
const NUMBERS = 7;

/** An entry before it has its `seq`; of one that tells a state of an object with that, whole. Nobody may change it. */
export interface MadeEntry {
  readonly entry: object;
  readonly state: KubeObject | undefined;
}

/**
 * Entries that are no log lines, from when they are made until the merge: tens of thousands in a story of many objects. They
 * stand as bytes outside of V8's heap, which would look at each of them whenever it collects garbage; of a short story also
 * as they were made.
 */
export class PreparedEntries {
  readonly #chunks: Buffer[] = [];
  #used = CHUNK;
  #numbers = new Float64Array(NUMBERS * 64);
  #length = 0;
  #bytes = 0;
  #made: MadeEntry[] | undefined = [];

  get length(): number {
    return this.#length;
  }

  /** Adds an entry; its JSON follows its `seq`. */
  push({ second, nanosecond, steps, order }: Place, made: MadeEntry): void {
    const json = JSON.stringify(made.entry).slice(1);
    const bytes = Buffer.byteLength(json);
    this.#bytes += bytes;
    if (this.#bytes > KEPT_BYTES) this.#made = undefined;
    this.#made?.push(made);
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#used + bytes > chunk.length) {
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, bytes));
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    chunk.write(json, this.#used);
    const at = NUMBERS * this.#length;
    if (at === this.#numbers.length) this.#grow();
    this.#numbers.set([second, nanosecond, steps, order, this.#chunks.length - 1, this.#used, bytes], at);
    this.#used += bytes;
    this.#length += 1;
  }

  place(index: number): Place {
    const [second = 0, nanosecond = 0, steps = 0, order = 0] = this.#numbers.subarray(
      NUMBERS * index,
      NUMBERS * index + 4,
    );
    return { second, nanosecond, steps, order };
  }

  json(index: number): string {
    const [chunk = 0, start = 0, length = 0] = this.#numbers.subarray(NUMBERS * index + 4, NUMBERS * (index + 1));
    return this.#chunks[chunk]?.toString('utf8', start, start + length) ?? '';
  }

  /** As it was added; undefined in a longer story. */
  made(index: number): MadeEntry | undefined {
    return this.#made?.[index];
  }

  /** All of them, in order; those of one place as they were added. */
  source(): Source {
    const places = Array.from({ length: this.#length }, (_, index) => this.place(index));
    const sorted = Uint32Array.from(places.keys());
    sorted.sort((a, b) => comparePlaces(places[a] ?? NOWHERE, places[b] ?? NOWHERE) || a - b);
    const [first, last] = [sorted[0], sorted.at(-1)].map((index) => places[index ?? 0] ?? NOWHERE);
    const bounds = { from: first ?? NOWHERE, until: last ?? NOWHERE };
    return { ...bounds, memory: 0, bytes: 0, open: () => new PreparedCursor(this, sorted) };
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#numbers.length);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

class PreparedCursor implements Cursor {
  readonly #entries: PreparedEntries;
  readonly #sorted: Uint32Array;
  #at = -1;
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;

  constructor(entries: PreparedEntries, sorted: Uint32Array) {
    this.#entries = entries;
    this.#sorted = sorted;
  }

  async load(): Promise<boolean> {
    return this.#advance();
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      const index = this.#sorted[this.#at] ?? 0;
      sink.entry(this.#entries.json(index), this.#entries.made(index));
      if (!this.#advance()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #advance(): boolean {
    const next = this.#sorted[this.#at + 1];
    if (next === undefined) return false;
    this.#at += 1;
    const { second, nanosecond, steps, order } = this.#entries.place(next);
    this.second = second;
    this.nanosecond = nanosecond;
    this.steps = steps;
    this.order = order;
    return true;
  }
}
