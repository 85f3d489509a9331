import type { Writable } from 'node:stream';
import type { Clock } from '../model/time.ts';
import type { Terminal } from './terminal.ts';

/** The world as the command sees it; everything from outside comes in here and nowhere else. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /**
   * First interrupt: end well. Second: leave at once. They abort with an `Interrupt`. Whoever asks for them must heed them:
   * of a command that never does a signal ends the process.
   */
  readonly interrupts: { readonly first: AbortSignal; readonly second: AbortSignal };
  /** Interrupts as a signal would: for keys of a terminal in raw mode. */
  readonly interrupt: (signal: NodeJS.Signals) => void;
  readonly isInteractive: boolean;
  /** Where standard error is one. */
  readonly terminal: Terminal | undefined;
  /** Whether a terminal is attached: it sends Ctrl-C to every process in front of it. */
  readonly isOnTerminal: boolean;
  /** What stands behind `--`: the command that a capture is made around. */
  readonly command: readonly string[] | undefined;
}

/** What the machine's clocks say, in milliseconds: since the epoch, and since some moment. */
export interface MachineClocks {
  /** May be set, in either direction. */
  readonly wall: () => number;
  /** Never steps back, to the microsecond; stands still while the machine sleeps. */
  readonly steady: () => number;
}

/** Beyond this the wall clock was set, or the machine slept. */
const JUMP_MS = 1000;

/**
 * The time since the epoch by a clock that never steps back. After a sleep of the machine, or where its clock is set
 * forward, it goes on from the wall clock's time; one that is set back while it runs would only disorder what was seen.
 */
export function steadyTime({ wall, steady }: MachineClocks): () => number {
  let origin = wall() - steady();
  return () => {
    const time = origin + steady();
    const ahead = wall() - time;
    if (ahead < JUMP_MS) return time;
    origin += ahead;
    return time + ahead;
  };
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: steadyTime({ wall: () => Date.now(), steady: () => performance.now() }),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      // A timer longer than 2^31 ms fires at once; nobody waits for 24 days in one go.
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(ms, 2 ** 31 - 1),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
