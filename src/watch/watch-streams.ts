import type { KubeClient, Selection, WatchAnswer, WatchFrame, WatchOptions } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { Branch } from '../model/branch.ts';
import { FaroError } from '../model/errors.ts';
import { IDLE_MS } from '../model/idle.ts';
import type { ResourceType } from '../model/resource.ts';
import type { Slots } from '../model/slots.ts';
import type { Clock } from '../model/time.ts';
import { Compression } from './compression.ts';
import { crossOver, pastInitial, type Streamed } from './crossing.ts';
import { endWhenIdle } from './idle.ts';
import { Pages } from './pages.ts';

/** What is watched, and how. */
export interface WatchStreamsOptions extends Selection {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly type: ResourceType;
  readonly streamingList: boolean;
  /** A watch that lists by streaming is compressed: after so many changes another one goes over to such a one (default: 2). */
  readonly crossAfter?: number;
  /** What all watches know of that; left out: this one learns it by itself. */
  readonly compression?: Compression;
  readonly idleMs?: number;
  /** Bounds how many reflectors list at once; a watch needs no slot. */
  readonly listSlots: Slots;
}

/** Of a single object, going over costs a third of what a change of a plain watch does: what changed twice changes again. */
const CROSS_AFTER = 2;
/** One change of a plain watch takes as many bytes as about so many objects of a compressed one. */
const COMPRESSION = 8;
/** The server ends a watch after this long (jittered up to double, as client-go does), so that load spreads over its replicas. */
const WATCH_SECONDS = 300;

/** Opens the watches of one target, one after the other, in the form that its server gives for the least bytes. */
export class WatchStreams {
  readonly #options: WatchStreamsOptions;
  readonly #signal: AbortSignal;
  readonly #compression: Compression;
  #canList: boolean;
  #openedAt = Number.POSITIVE_INFINITY;
  /** How many objects the newest list brought. */
  objects = 0;

  constructor(options: WatchStreamsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#compression = options.compression ?? new Compression();
    this.#canList = options.streamingList;
  }

  /** What is asked for, listed or watched. */
  get target(): Selection {
    const {
      namespace,
      name,
      fieldSelector,
      labelSelector,
      metadataOnly = false,
      placementOnly = false,
    } = this.#options;
    return {
      namespace,
      metadataOnly,
      placementOnly,
      ...(name === undefined ? {} : { name }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
  }

  /** Whether the server streams lists, as far as is known. */
  get canList(): boolean {
    return this.#canList;
  }

  /** For how many milliseconds the newest watch has stood open; below zero where it was not answered. */
  get stoodMs(): number {
    return this.#options.clock.now() - this.#openedAt;
  }

  /** Takes in what a streaming list came to; false where that says nothing of whether there are any. */
  cannotList(error: unknown): boolean {
    if (!this.#canList || !cannotStream(error)) return false;
    this.#canList = false;
    return true;
  }

  /** A streaming list, which goes on as a watch. */
  list(): AsyncGenerator<WatchFrame> {
    const opened = this.#opens();
    const onOpen = (answer: WatchAnswer) => {
      opened();
      this.#heard(answer);
    };
    return this.#stream({ sendInitialEvents: true, onOpen }, this.#signal);
  }

  /** A watch from a position, which may go over to a streaming list. */
  from(resourceVersion: string): AsyncGenerator<WatchFrame> {
    const { crossAfter = CROSS_AFTER, type } = this.#options;
    return crossOver(this.#stream({ resourceVersion, onOpen: this.#opens() }, this.#signal), {
      resourceVersion,
      isDue: (changes) =>
        this.#canList && this.#compression.mayBe(type) && changes >= Math.max(crossAfter, this.objects / COMPRESSION),
      open: (signal) => this.#openStreamed(signal),
      signal: this.#signal,
    });
  }

  #opens(): () => void {
    this.#openedAt = Number.POSITIVE_INFINITY;
    return () => {
      this.#openedAt = this.#options.clock.now();
    };
  }

  #heard({ isCompressed }: WatchAnswer): void {
    this.#compression.heard(this.#options.type, isCompressed);
  }

  #stream(
    asked: Pick<WatchOptions, 'resourceVersion' | 'sendInitialEvents' | 'onOpen'>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchFrame> {
    const { client, type, clock, random, idleMs = IDLE_MS } = this.#options;
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + random()));
    const all = { ...this.target, ...asked, timeoutSeconds };
    const open = (life: AbortSignal) => client.watch(type, all, life);
    return endWhenIdle(open, { idleMs, clock, signal });
  }

  /** undefined where there is no streaming list, or none that is compressed. */
  async #openStreamed(signal: AbortSignal): Promise<Streamed | undefined> {
    const life = new Branch(signal);
    const onOpen = (answer: WatchAnswer) => {
      this.#heard(answer);
      if (!answer.isCompressed) life.abort(USELESS);
    };
    const { clock, listSlots, type } = this.#options;
    try {
      using _slot = await listSlots.acquire(signal);
      const pages = new Pages(type);
      const startedAt = clock.now();
      const frames = this.#stream({ sendInitialEvents: true, onOpen }, life.signal);
      const streamed = await pastInitial(frames, (frame) => pages.takeFrame(frame, clock.now() - startedAt));
      if (streamed !== undefined) this.objects = pages.objects;
      return streamed;
    } catch (error) {
      // The plain watch goes on: it will tell what ails the server.
      this.cannotList(error);
      return undefined;
    }
  }
}

/** Of a streaming list that is not compressed. */
const USELESS = new Error('the watch is no better than the one before');

/** Who does not know sendInitialEvents, has it switched off, or does not stream a list as agreed, may give it in pages. */
function cannotStream(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 400 || error.status === 422;
  return error instanceof FaroError && error.code === 'protocol';
}
