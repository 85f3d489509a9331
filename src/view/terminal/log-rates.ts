import type { ContainerInstance } from '../../model/instance.ts';
import type { LogRate } from './tree-lines.ts';

interface Counter {
  lines: number;
  atLastTick: number;
  perSecond: number;
}

/** Counts the lines of each container, all of its runs together, and how many came in the last second. */
export class LogRates {
  readonly #streams = new Map<number, { readonly instance: ContainerInstance; readonly counter: Counter }>();
  readonly #containers = new Map<string, Counter>();
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  opened(stream: number, instance: ContainerInstance): void {
    const key = containerKey(instance.podUid, instance.container);
    const counter = this.#containers.get(key) ?? { lines: 0, atLastTick: 0, perSecond: 0 };
    this.#containers.set(key, counter);
    this.#streams.set(stream, { instance, counter });
  }

  /** Whose lines they are. */
  add(stream: number, lines: number): ContainerInstance | undefined {
    const known = this.#streams.get(stream);
    this.#lines += lines;
    if (known !== undefined) known.counter.lines += lines;
    return known?.instance;
  }

  closed(stream: number): void {
    this.#streams.delete(stream);
  }

  /** To be called once in so many seconds. */
  tick(seconds: number): void {
    for (const counter of this.#containers.values()) {
      counter.perSecond = Math.round((counter.lines - counter.atLastTick) / seconds);
      counter.atLastTick = counter.lines;
    }
  }

  of(podUid: string, container: string): LogRate | undefined {
    return this.#containers.get(containerKey(podUid, container));
  }
}

function containerKey(podUid: string, container: string): string {
  return `${podUid}/${container}`;
}
