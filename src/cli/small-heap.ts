import { setFlagsFromString } from 'node:v8';

/**
 * From here on V8 collects garbage early, the old once it has grown by a fifth, and lets the young grow no more: while a
 * story is made it would take half as much memory again otherwise, to save a quarter of the time. (`--optimize-for-size`
 * saves no more, and takes half as much time again; `--max-semi-space-size` is read when V8 starts, and never again.)
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--semi-space-growth-factor=1');
}
