import type { WatchFrame } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { asError } from '../model/errors.ts';
import type { KubeObject } from '../model/resource.ts';
import { Backoff } from './backoff.ts';
import { Pages, pagesOf } from './pages.ts';
import { WatchStreams, type WatchStreamsOptions } from './watch-streams.ts';

/**
 * What a reflector says. A list (the first, or a relist after history was lost) is `init`, `initApply` for each object,
 * `initDone`; what was known before and did not come again in it is gone. `before` is the position of the watch just
 * before the change: a second watch that starts there sees the change too.
 */
export type ReflectorEvent =
  | { readonly type: 'init'; readonly relist: boolean }
  | { readonly type: 'initApply'; readonly object: KubeObject }
  | { readonly type: 'initDone'; readonly resourceVersion: string; readonly relist: boolean }
  | { readonly type: 'apply'; readonly object: KubeObject; readonly before: string }
  | { readonly type: 'delete'; readonly object: KubeObject; readonly before: string }
  /** A bookmark, or a watch that stood open to the end: nothing changed, and the watch lives. */
  | { readonly type: 'alive'; readonly resourceVersion: string }
  /** The first list, or a later one, was refused (403), or the type does not exist (any more). Tried again, seldom. */
  | { readonly type: 'denied'; readonly error: ApiError }
  /** The watch cannot go on from where it was: what happens until the next list is not seen. */
  | { readonly type: 'lost' }
  /** The server or the way to it fails; tried again with backoff. */
  | { readonly type: 'failing'; readonly error: Error }
  /** The last word: it was ended while the watch had been asked for, for some time, and nothing had come of that. */
  | { readonly type: 'unanswered' };

export interface ReflectorOptions extends WatchStreamsOptions {
  /** Start from this position without a list: the caller knows what exists there. */
  readonly from?: string;
  /** With `from`: also list what existed exactly there. */
  readonly listFrom?: boolean;
  readonly pageSize?: number;
}

type State =
  | { readonly at: 'empty' }
  /** `resourceVersion` is where the next watch begins. */
  | { readonly at: 'watching'; readonly resourceVersion: string };

/** A refused type is asked for again this often: permissions are granted during captures, and types come back. */
const DENIED_RETRY_MS = 60_000;
/** A server that cannot go on from a position says so at once: a watch that stood open for so long can. */
const STANDS_MS = 1000;
/** An open watch is ended by its server now and then; for so long it may take to open the next one. */
const OPENS_MS = 500;

/**
 * Yields every state of the objects of one type, in order, for ever: lists, watches, resumes by resourceVersion after
 * any break, lists again when the history is gone (410), and never gives up before `signal` aborts.
 */
export function reflect(options: ReflectorOptions, signal: AbortSignal): AsyncGenerator<ReflectorEvent> {
  return new Reflector(options, signal).run();
}

class Reflector {
  readonly #options: ReflectorOptions;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  readonly #streams: WatchStreams;
  #state: State = { at: 'empty' };
  #listed = false;
  /** Whether the newest watch stood open and silent until it was ended, and lacks nothing. */
  #hasStood = false;
  #isOpen = false;
  /** Since when no watch has been open. */
  #closedAt = 0;

  constructor(options: ReflectorOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#backoff = new Backoff({ firstMs: 250, maxMs: 30_000, random: options.random });
    this.#streams = new WatchStreams(options, signal);
  }

  async *run(): AsyncGenerator<ReflectorEvent> {
    try {
      if (this.#options.from !== undefined) yield* this.#startFrom(this.#options.from);
      while (!this.#signal.aborted) {
        try {
          yield* this.#state.at === 'empty' ? this.#list() : this.#watch(this.#state.resourceVersion);
        } catch (error) {
          if (!this.#signal.aborted) yield* this.#recover(error);
        }
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error; // a wait that was cut short is not an error
      this.#hasStood = false;
    }
    if (this.#state.at !== 'watching') return;
    if (this.#hasStood) yield { type: 'alive', resourceVersion: this.#state.resourceVersion };
    else if (!this.#isOpen && this.#options.clock.now() - this.#closedAt >= OPENS_MS) yield { type: 'unanswered' };
  }

  /** The position is known to the caller; only what existed there may have to be listed. */
  async *#startFrom(from: string): AsyncGenerator<ReflectorEvent> {
    if (this.#options.listFrom !== true) {
      this.#listed = true;
      this.#state = { at: 'watching', resourceVersion: from };
      this.#closedAt = this.#options.clock.now();
      return;
    }
    try {
      yield* this.#listPages({ resourceVersion: from, resourceVersionMatch: 'Exact' });
      this.#closedAt = Number.NEGATIVE_INFINITY; // what has changed since that position is yet to be told
    } catch (error) {
      if (this.#signal.aborted) return;
      // The exact position is compacted, or the server is too busy for it: an ordinary list follows.
      if (!(error instanceof ApiError)) yield* this.#recover(error);
    }
  }

  #list(): AsyncGenerator<ReflectorEvent> {
    return this.#streams.canList ? this.#listByWatch() : this.#listPages({});
  }

  async *#listPages(at: { resourceVersion?: string; resourceVersionMatch?: 'Exact' }): AsyncGenerator<ReflectorEvent> {
    const { client, type, pageSize = 500, listSlots } = this.#options;
    const relist = this.#listed;
    using _slot = await listSlots.acquire(this.#signal);
    yield { type: 'init', relist };
    const options = { ...this.#streams.target, ...at, limit: pageSize };
    let objects = 0;
    let resourceVersion = '';
    for await (const page of pagesOf(client, { type, options }, this.#signal)) {
      for (const object of page.items) yield { type: 'initApply', object };
      objects += page.items.length;
      ({ resourceVersion } = page);
    }
    this.#streams.objects = objects;
    yield this.#initDone(resourceVersion, relist);
  }

  /** A streaming list: the objects come as ADDED frames, a bookmark ends them, and the same stream goes on as the watch. */
  async *#listByWatch(): AsyncGenerator<ReflectorEvent> {
    const relist = this.#listed;
    let isListing = true;
    const { type, clock, listSlots } = this.#options;
    using slot = await listSlots.acquire(this.#signal);
    yield { type: 'init', relist };
    const pages = new Pages(type);
    const startedAt = clock.now();
    for await (const frame of this.#frames(undefined)) {
      if (isListing) pages.takeFrame(frame, clock.now() - startedAt);
      if (!isListing) yield* this.#follow(frame);
      else if (frame.type === 'ERROR') throw frame.error;
      else if (frame.type === 'BOOKMARK') {
        if (!frame.initialEventsEnd) continue;
        isListing = false;
        slot[Symbol.dispose]();
        this.#streams.objects = pages.objects;
        yield this.#initDone(frame.resourceVersion, relist);
      } else yield { type: 'initApply', object: frame.object };
    }
  }

  #initDone(resourceVersion: string, relist: boolean): ReflectorEvent {
    this.#listed = true;
    this.#backoff.reset();
    this.#state = { at: 'watching', resourceVersion };
    this.#closedAt = this.#options.clock.now();
    return { type: 'initDone', resourceVersion, relist };
  }

  async *#watch(resourceVersion: string): AsyncGenerator<ReflectorEvent> {
    const startedAt = this.#options.clock.now();
    for await (const frame of this.#frames(resourceVersion)) yield* this.#follow(frame);
    // The server ended it. A healthy watch lives for minutes; one that ends at once must not become a storm.
    if (this.#options.clock.now() - startedAt > 1000) this.#backoff.reset();
    await this.#backoff.wait(this.#options.clock, this.#signal);
  }

  *#follow(frame: WatchFrame): Generator<ReflectorEvent> {
    if (frame.type === 'ERROR') throw frame.error;
    const before = this.#state.at === 'watching' ? this.#state.resourceVersion : '';
    const resourceVersion = frame.type === 'BOOKMARK' ? frame.resourceVersion : frame.object.metadata.resourceVersion;
    // Advanced only after the consumer has taken the event, so that a throw in between repeats it rather than skips it.
    if (frame.type === 'BOOKMARK') yield { type: 'alive', resourceVersion };
    else yield { type: frame.type === 'DELETED' ? 'delete' : 'apply', object: frame.object, before };
    this.#state = { at: 'watching', resourceVersion };
  }

  /** A watch from a position; without one a streaming list. */
  async *#frames(resourceVersion: string | undefined): AsyncGenerator<WatchFrame> {
    this.#hasStood = false;
    this.#isOpen = false;
    try {
      yield* resourceVersion === undefined ? this.#streams.list() : this.#streams.from(resourceVersion);
    } finally {
      const { stoodMs } = this.#streams;
      this.#hasStood = this.#state.at === 'watching' && stoodMs >= STANDS_MS;
      if (stoodMs >= 0) this.#closedAt = this.#options.clock.now();
      this.#isOpen = stoodMs >= 0 && this.#signal.aborted;
    }
  }

  /** Decides where to go on after an error; waits as long as it asks for. */
  async *#recover(error: unknown): AsyncGenerator<ReflectorEvent> {
    const { clock } = this.#options;
    this.#hasStood = false;
    if (!(error instanceof ApiError)) {
      if (this.#state.at === 'empty') this.#streams.cannotList(error);
      yield { type: 'failing', error: asError(error) };
      return this.#backoff.wait(clock, this.#signal);
    }
    if (error.code === 'expired') {
      if (!this.#listed) yield { type: 'failing', error };
      yield* this.#lose();
      return this.#backoff.wait(clock, this.#signal);
    }
    if (this.#state.at === 'empty' && this.#streams.cannotList(error)) return;
    if (error.code === 'forbidden' || error.code === 'not-found' || error.status === 405) {
      yield { type: 'denied', error };
      // The list that follows a refusal compares with what was known.
      yield* this.#lose();
      // A type that is not served may be yet to come, or on its way back.
      if (error.code === 'not-found') return this.#backoff.wait(clock, this.#signal);
      return clock.sleep(DENIED_RETRY_MS, this.#signal);
    }
    yield { type: 'failing', error };
    await this.#backoff.wait(clock, this.#signal, error.retryAfterMs);
  }

  *#lose(): Generator<ReflectorEvent> {
    this.#state = { at: 'empty' };
    if (this.#listed) yield { type: 'lost' };
  }
}
