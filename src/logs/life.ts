import type { ContainerInstance } from '../model/instance.ts';
import { type Clock, endOfSecond, millisecondsOf, type Timestamp } from '../model/time.ts';
import { Waiters } from '../model/waiters.ts';
import { within } from '../model/within.ts';

/** What the newest pod state says about one container instance. */
export interface InstanceView {
  readonly state: 'waiting' | 'running' | 'terminated';
  readonly startedAt: Timestamp | undefined;
  /** When it ended, or by when at the latest. */
  readonly finishedAt: Timestamp | undefined;
}

/**
 * How the pod log API would answer for an instance now: as the container's `current` log, as its `previous` one, or
 * not at all, because two newer instances exist or the pod is gone.
 */
export type Reach = 'current' | 'previous' | 'gone';

/** The runtime may read the last lines out of their pipe so long after the end of whoever wrote them. */
const LAST_PIPE_MS = 100;

/** Whether a line was written after an instance had ended, which is told in whole seconds: then it is a later one's. */
export function isAfterEnd(line: Timestamp | undefined, { finishedAt }: Pick<InstanceView, 'finishedAt'>): boolean {
  if (line === undefined || finishedAt === undefined) return false;
  return millisecondsOf(line) > millisecondsOf(endOfSecond(finishedAt)) + LAST_PIPE_MS;
}

/** The life of one container instance as its follower sees it: the newest state, and a way to wait for the next. */
export class InstanceLife {
  readonly instance: ContainerInstance;
  #view: InstanceView;
  #newestRestart: number;
  #isLeftBehind = false;
  #isPodDeleted = false;
  #isLeaving = false;
  #isLastCall = false;
  readonly #waiters = new Waiters();
  /** Its node's files are being read: its follower ends at the last call. */
  hasFiles = false;

  constructor(instance: ContainerInstance, view: InstanceView) {
    this.instance = instance;
    this.#view = view;
    this.#newestRestart = instance.restart;
  }

  get view(): InstanceView {
    return this.#view;
  }

  /** The instance will not write any more. */
  get isOver(): boolean {
    return this.#view.state === 'terminated' || this.#newestRestart > this.instance.restart || this.#isPodDeleted;
  }

  get isPodDeleted(): boolean {
    return this.#isPodDeleted;
  }

  /** Its pod is being deleted: its files may go at any moment. */
  get isLeaving(): boolean {
    return this.#isLeaving || this.#isPodDeleted;
  }

  /** The recording ends: what was written until now is read once more. */
  get isLastCall(): boolean {
    return this.#isLastCall;
  }

  /** Changes whenever its log is to be read at once. */
  get urgency(): string {
    return `${this.isOver} ${this.isLeaving} ${this.#isLastCall}`;
  }

  get reach(): Reach {
    const newer = this.#newestRestart - this.instance.restart;
    if (this.#isPodDeleted || this.#isLeftBehind || newer > 1) return 'gone';
    return newer === 1 ? 'previous' : 'current';
  }

  /** Takes in what a pod state shows; `newestRestart` is the highest restart it knows of this container. */
  update(view: InstanceView | undefined, newestRestart: number): void {
    if (view !== undefined) this.#view = view;
    this.#newestRestart = Math.max(this.#newestRestart, newestRestart);
    this.#waiters.wake();
  }

  /**
   * The pod shows runs after this one alone, the first of which had begun by then; for `previous` its kubelet gives the log
   * of one that it shows (`validateContainerLogStatus`), which may be the newest while that waits to be replaced.
   */
  leftBehind(nextStartedAt: Timestamp | undefined): void {
    this.#isLeftBehind = true;
    if (this.#view.state !== 'terminated' || this.#view.finishedAt === undefined)
      this.#view = { ...this.#view, state: 'terminated', finishedAt: nextStartedAt };
  }

  podDeleted(): void {
    this.#isPodDeleted = true;
    this.#waiters.wake();
  }

  /** Resolves at the next update, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#waiters.wait(signal);
  }

  /** Resolves when it is over; rejects when the signal aborts. */
  async over(signal: AbortSignal): Promise<void> {
    while (!this.isOver) {
      await this.changed(signal);
      signal.throwIfAborted();
    }
  }

  /** Resolves at the next update, at the latest after `ms`; rejects when the signal aborts. */
  async changedWithin(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    await within(ms, (either) => this.changed(either), { clock, signal });
    signal.throwIfAborted();
  }

  podLeaving(): void {
    this.#isLeaving = true;
    this.#waiters.wake();
  }

  lastCall(): void {
    this.#isLastCall = true;
    this.#waiters.wake();
  }
}
