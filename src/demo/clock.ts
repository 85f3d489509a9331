import type { Clock } from '../model/time.ts';

interface Sleeper {
  readonly at: number;
  /** Among those of one moment, who slept first wakes first. */
  readonly order: number;
  /** undefined once nobody sleeps any more. */
  wake: (() => void) | undefined;
}

/** A sleep on a paced clock is taken in at most so many steps, each of at least 10 ms. */
const STEPS = 20;

/**
 * For a cluster in the process that records it: a sleep is taken in steps, and between them the process does what waits. So
 * a machine that is slow makes the cluster slow, and not its recorder alone, which would find a pod's logs gone.
 */
export function pacedClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    sleep: async (ms, signal) => {
      const steps = Math.min(STEPS, Math.max(1, Math.floor(ms / 10)));
      for (let step = 0; step < steps; step += 1) await clock.sleep(ms / steps, signal);
    },
  };
}

/** A clock that stands still until it is told to go on: hours pass in the time that the work takes. */
export class SimulatedClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap: the first to wake stands first. */
  readonly #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 10, 23, 12)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = () => {
        sleeper.wake = undefined; // the heap holds it until its time has come, and nothing else with it
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), order: this.#order++, wake };
      this.#push(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass; everyone who sleeps meanwhile wakes in order, and `settle` lets what they do come to rest. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      // Those of the same moment wake together, as timers do.
      for (let also: Sleeper | undefined = next; also !== undefined; also = this.#next(next.at)) also.wake?.();
      await settle();
    }
    this.#now = end;
  }

  /** Takes out the first who is to wake until `end`. */
  #next(end: number): Sleeper | undefined {
    for (let first = this.#sleepers[0]; first !== undefined && first.at <= end; first = this.#sleepers[0]) {
      this.#shift();
      if (first.wake !== undefined) return first;
    }
    return undefined;
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(sleeper, heap[parent])) break;
      heap[at] = heap[parent] as Sleeper;
      at = parent;
    }
    heap[at] = sleeper;
  }

  #shift(): void {
    const heap = this.#sleepers;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      const least = heap[child];
      if (least === undefined || !isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Sleeper | undefined, other: Sleeper | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
