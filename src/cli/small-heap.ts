import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Until it is disposed V8 collects garbage early, the old once it has grown by a fifth, and lets the young grow no more:
 * while a story is made it would take half as much memory again otherwise, to save a quarter of the time. Of a heap that
 * is small a fifth is less than the young generation, without room for which V8 begins to mark again as it has ended.
 * (`--optimize-for-size` saves no more, and takes half as much time again; `--max-semi-space-size` is read when V8 starts,
 * and never again.)
 */
export function keepHeapSmall(): Disposable {
  const observer = new PerformanceObserver(() => growOldBy(growthPercent()));
  observer.observe({ entryTypes: ['gc'] });
  growOldBy(growthPercent());
  growBy(1);
  return {
    [Symbol.dispose]: () => {
      observer.disconnect();
      growOldBy(ITS_OWN_PERCENT);
      growBy(DEFAULT_GROWTH);
    },
  };
}

/** Up to here a heap is small, in bytes. */
const SMALL_BYTES = 64 * 1024 * 1024;
const EARLY_PERCENT = 20;
/** By what V8 finds best. */
const ITS_OWN_PERCENT = 0;

function growthPercent(): number {
  const { used_heap_size: used } = getHeapStatistics();
  return Math.max(EARLY_PERCENT, Math.round((SMALL_BYTES / used - 1) * 100));
}

function growOldBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

/** Of both halves of V8's young generation together; left to itself it doubles up to 128 MiB, all of which stays resident. */
const YOUNG_BYTES = 32 * 1024 * 1024;
const DEFAULT_GROWTH = 2;

/**
 * Until it is disposed, the young generation grows to `YOUNG_BYTES` and no further. It is looked at after each collection,
 * which is when it grows or, in a quiet time, shrinks: a program that rests has nothing to do for it.
 */
export function boundYoungGeneration(): Disposable {
  let growth = DEFAULT_GROWTH;
  const observer = new PerformanceObserver(() => {
    const isGrown = youngBytes() >= YOUNG_BYTES;
    if (isGrown === (growth === 1)) return;
    growth = isGrown ? 1 : DEFAULT_GROWTH;
    growBy(growth);
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    [Symbol.dispose]: () => {
      observer.disconnect();
      growBy(DEFAULT_GROWTH);
    },
  };
}

function growBy(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
