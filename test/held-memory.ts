import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
// Else buffers are freed by another thread, some time after they were collected.
setFlagsFromString('--no-concurrent-array-buffer-sweeping');
/** Has V8 collect garbage now: what only waits for that is not held. */
export const collect: () => void = runInNewContext('gc');

/** The memory that this process cannot let go of. */
export async function heldMemory(): Promise<NodeJS.MemoryUsage> {
  // What something refers to is freed a turn later than that, and what a time limit holds two turns later.
  for (let turns = 0; turns < 3; turns += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  collect();
  return process.memoryUsage();
}
