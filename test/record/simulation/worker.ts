import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../../src/model/errors.ts';
import { simulateEarlyEnd } from './early-end.ts';
import { judge } from './judge.ts';
import { digestOf, type Outcome, simulate } from './simulate.ts';
import { addTo, noVerdict, type Verdict } from './verdict.ts';

/** The schedules that all workers play: each takes the next one, since every second or third takes longer than others. */
export interface Share {
  readonly first: number;
  readonly end: number;
  /** How many were taken, in four bytes. */
  readonly taken: SharedArrayBuffer;
}

/** What its schedules came to; `failures` name the seeds that came to something else than allowed. */
export interface Result {
  readonly sum: Verdict;
  readonly failures: readonly string[];
  /** Its last schedule, which was played after all others, and what came of it. */
  readonly last: { readonly seed: number; readonly digest: string } | undefined;
}

/** One schedule of so many comes with a short one that ends early. */
const EARLY = 10;

// A thread of its own: the test runner follows every promise of its threads, which takes most of the time.
if (parentPort !== null) {
  Error.stackTraceLimit = 0; // thousands of planned errors each would draw one
  const { first, end, taken } = workerData as Share;
  const counter = new Int32Array(taken);
  const take = () => first + Atomics.add(counter, 0, 1);
  const sum = noVerdict();
  const failures: string[] = [];
  const play = async (seed: number, next: number, simulated: Promise<Outcome>) => {
    await using outcome = await simulated; // its end changes its pods, so it comes after the judgement
    for (const told of outcome.told) addTo(sum, judge(told));
    if (next >= end) last = { seed, digest: digestOf(outcome) };
  };
  let last: Result['last'];
  for (let [seed, next] = [take(), take()]; seed < end; [seed, next] = [next, take()]) {
    await setImmediate(); // schedules make no turn of the event loop, in which V8 tells what was collected
    try {
      if (seed % EARLY === 0) await play(seed, next, simulateEarlyEnd(seed));
      await play(seed, next, simulate(seed));
    } catch (error) {
      failures.push(`FARO_SEED=${seed} FARO_SCHEDULES=1: ${messageOf(error).split('\n')[0]}`);
    }
  }
  parentPort.postMessage({ sum, failures, last } satisfies Result);
}
