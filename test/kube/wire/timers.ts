import type { TestContext } from 'node:test';

/** Stops the time limits of the network, until the test ends; returns what lets milliseconds pass. */
export function stopTimeouts(test: TestContext): (ms: number) => void {
  // Node 24 mocks both; its types do not say so of signals yet.
  test.mock.timers.enable({ apis: ['setTimeout', 'AbortSignal.timeout' as 'setTimeout'] });
  return (ms) => test.mock.timers.tick(ms);
}
