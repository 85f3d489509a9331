import { setFlagsFromString } from 'node:v8';

/**
 * From here on V8 collects garbage early, and gives memory back: while a story is made it would take twice the memory
 * otherwise, to save a tenth of the time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}
