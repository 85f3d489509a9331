import type { KubeClient } from '../kube/client.ts';
import type { ClockSkew } from '../kube/server-clock.ts';
import { Slots } from '../model/slots.ts';
import { type Clock, earlierOf, type Timestamp, timestampOf } from '../model/time.ts';
import { Compression } from '../watch/compression.ts';
import { type AwaitedList, AwaitedLists } from './awaited-lists.ts';
import { placeKey, type WatchedPlace, type Witness } from './testimony.ts';
import { type Doubt, type WatchedChange, type WatchListener, type WatchTarget, watchType } from './type-watch.ts';
import { targetOf } from './watch-pasts.ts';

export interface RunningWatchesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** By how much this clock is ahead of the server's. */
  readonly skew: () => ClockSkew | undefined;
  readonly random: () => number;
  readonly witness: Witness;
  readonly streamingList: boolean;
  /** After so many changes a watch goes over to a compressed one, at the earliest. */
  readonly crossAfter?: number;
  /** Initial lists at once, of what is searched, and as many of what is of the story. */
  readonly listsAtOnce: number;
}

/** Runs watches, a few of their initial lists at a time, and tells the witness what they missed and where they stand. */
export class RunningWatches {
  /** Initial lists of what is of the story. */
  readonly lists: Slots;
  readonly #searches: Slots;
  readonly #compression = new Compression();
  readonly #options: RunningWatchesOptions;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  /** When the first watch began: others may have to wait. */
  #beganAt: Timestamp | undefined;
  readonly #unlisted = new Set<Promise<void>>();
  readonly #needed = new AwaitedLists();
  /** Kinds of which objects may have been missed at the end: their watch was ended before it had shown what there was. */
  readonly missedKinds = new Set<string>();
  /** Types, in their place, whose watch lagged behind the server when the recording ended. */
  readonly #behind = new Set<string>();

  constructor(options: RunningWatchesOptions, signal: AbortSignal) {
    this.lists = new Slots(options.listsAtOnce);
    this.#searches = new Slots(options.listsAtOnce);
    this.#options = options;
    this.#signal = signal;
  }

  /** Resolves when each watch, those included that others gave rise to, has had its first list or refusal. */
  async listed(): Promise<void> {
    while (this.#unlisted.size > 0) await Promise.all(this.#unlisted);
  }

  /**
   * The same of each watch that the story needs. One of a type that only might own something of it is not waited for while
   * it fails, which it may do for ever.
   */
  needed(): Promise<void> {
    return this.#needed.answered();
  }

  /** What the story needs and was not listed yet, since when, and what the last try came to: a sentence each. */
  get awaited(): readonly string[] {
    return this.#needed.sentences;
  }

  /** The recording ends, and not all that there is of a type in a namespace was told: that is stated when its watches end. */
  fellBehind({ type, namespace }: WatchedPlace): void {
    this.#behind.add(placeKey({ type, namespace }));
  }

  /** Resolves when every watch has ended, after the signal aborted. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Runs until its signal or that of all watches aborts. Resolves at its first list or refusal. */
  run(what: WatchTarget & Refusable, onChange: (change: WatchedChange) => void): Promise<void> {
    const { client, clock, skew, random, streamingList, crossAfter, witness } = this.#options;
    const since = timestampOf(clock.now());
    this.#beganAt ??= since;
    const { signal = this.#signal, isSearch, wantedSince = this.#beganAt, ...how } = what;
    const { type, namespace, name } = what;
    const list: AwaitedList = { type, namespace, name, since };
    const first = Promise.withResolvers<void>();
    const needed = Promise.withResolvers<void>();
    const begun = () => {
      first.resolve();
      needed.resolve();
    };
    const failing = (error: Error) => {
      list.error = error.message;
      if (!witness.isEssential(type) && what.isNeeded !== true) needed.resolve();
    };
    const listSlots = isSearch === true ? this.#searches : this.lists;
    const crossing = crossAfter === undefined ? {} : { crossAfter };
    const shared = { listSlots, compression: this.#compression };
    const options = { client, clock, skew, random, streamingList, wantedSince, ...crossing, ...shared, ...how };
    const done = watchType(options, this.#listener(what, onChange, { begun, failing }), signal)
      .catch((error: unknown) => witness.fatal(error))
      .finally(() => {
        this.#running.delete(done);
        begun();
      });
    this.#running.add(done);
    if (this.#isNeeded(what)) this.#needed.add(list, needed.promise);
    return keepUntil(first.promise, this.#unlisted);
  }

  #isNeeded({ type, isNeeded = this.#options.witness.isNeeded(type) }: WatchTarget): boolean {
    return isNeeded;
  }

  #listener(
    what: WatchTarget & Refusable,
    change: (change: WatchedChange) => void,
    { begun, failing }: { readonly begun: () => void; readonly failing: (error: Error) => void },
  ): WatchListener {
    const { witness } = this.#options;
    const { type, namespace, name } = what;
    const { onDoubt = (doubt: Doubt) => witness.relisted(type, namespace, doubt) } = what;
    const { isMetadata, stands } = this.#standing(what);
    const place = { type, namespace, name };
    let isForbidden = false;
    return {
      change,
      standsAt: (resourceVersion, heard) => {
        stands(resourceVersion, heard);
        if (what.past?.from !== undefined) begun(); // without a list
      },
      begun,
      listed: (resourceVersion, doubt) => {
        const isTold = isForbidden && witness.readable(place);
        if (doubt !== undefined && !isTold) onDoubt(doubt);
        isForbidden = false;
        what.onListed?.(resourceVersion);
      },
      left: (doubt, during) => {
        const isTold = isForbidden && witness.isRefused(place);
        if (during === 'watching') return this.#leftWatching(what, doubt);
        if (this.#signal.aborted && (isTold || during !== 'refused')) this.missedKinds.add(type.kind);
        if (isTold || during === 'refused') return; // that gap is open
        if (during === 'beginning') {
          // What takes the place of a watch that was ended before all others tells what there is.
          if (this.#signal.aborted) witness.unheard(type, namespace, { ...doubt, isNeeded: this.#isNeeded(what) });
          return;
        }
        // A watch that fails while it is replaced goes on in the one that replaces it.
        if (during === 'listing' || this.#signal.aborted) onDoubt(doubt);
      },
      trouble: (event, heard) => {
        if (event.type === 'denied') {
          // Until it is listed, whatever else is said of it: it may not be served meanwhile.
          isForbidden ||= event.error.code === 'forbidden';
          what.onDenied(event.error, heard);
          return;
        }
        // What is written down tells by itself when a watch was heard of.
        if (isMetadata) stands(undefined, heard);
        failing(event.error);
        witness.failing(type, event.error);
      },
    };
  }

  /** It has missed nothing, unless it lagged behind at the end. */
  #leftWatching({ type, namespace }: WatchTarget, { since }: Doubt): void {
    if (!this.#signal.aborted || !this.#behind.has(placeKey({ type, namespace }))) return;
    this.missedKinds.add(type.kind);
    this.#options.witness.unheard(type, namespace, { since, cause: 'interrupted', isNeeded: true });
  }

  /**
   * Has written down where a watch stands. Of one of metadata a recorder that goes on after this one was killed must know
   * since when it may have missed something, and when no longer; of the types that matter most each sign of life. Of the
   * others there may be hundreds.
   */
  #standing(what: WatchTarget) {
    const { type, namespace, name, labelSelector: selector, metadataOnly: isMetadata = false, awaitedSince } = what;
    const { witness } = this.#options;
    const target = targetOf({ type, namespace, name, selector });
    const isToldAlways = !isMetadata || witness.isEssential(type);
    let wasMissing = false;
    const stands = (resourceVersion: string | undefined, since: Timestamp | undefined) => {
      const awaited = awaitedSince?.();
      const heard = awaited === undefined ? since : earlierOf(since, awaited);
      const isMissing = resourceVersion === undefined || heard !== undefined;
      if (isToldAlways || isMissing !== wasMissing) witness.stands(target, { resourceVersion, heard, isMetadata });
      wasMissing = isMissing;
    };
    return { isMetadata, stands };
  }
}

/** Resolves with the work, which is in the set until then. */
function keepUntil(work: Promise<void>, set: Set<Promise<void>>): Promise<void> {
  const kept = work.then(() => void set.delete(kept));
  set.add(kept);
  return kept;
}

/** Whoever runs a watch hears of its refusal. */
type Refusable = Required<Pick<WatchTarget, 'onDenied'>>;
