import type { LogFollowers } from '../logs/followers.ts';
import type { Clock } from '../model/time.ts';
import { within } from '../model/within.ts';

/** Lines that were written just before the end are on their way at least this long, and so is the word of a run that began. */
const GRACE_MS = 500;

export interface DrainOptions {
  readonly clock: Clock;
  readonly followers: Pick<LogFollowers, 'areOver' | 'settle'> | undefined;
  /** Milliseconds at most, in all. */
  readonly drainMs: number;
  /** All may be over: nothing can have changed since the last change that was told. */
  readonly mayBeOver: boolean;
  /** Resolves when every first list was answered. */
  readonly synced: Promise<void>;
  /** When an object of the story was last told to have changed. */
  readonly changedAt: () => number;
  /** Waits for states that lag behind; whether some did. */
  readonly lastStates: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * Before a recording ends: lets what lags behind be told, every log of an ended container be read to its end, and the others
 * deliver what was written until now. Ends early when the signal aborts.
 */
export async function drain(options: DrainOptions, leave: AbortSignal): Promise<void> {
  const { clock, drainMs, lastStates } = options;
  const late = new AbortController();
  const deadline = AbortSignal.any([leave, late.signal]);
  const tooLong = clock.sleep(drainMs, deadline).then(
    () => late.abort(),
    () => undefined,
  );
  // What came late may have begun runs: half of the time is for their logs.
  const patience = new AbortController();
  const half = clock.sleep(drainMs / 2, deadline).then(
    () => patience.abort(),
    () => patience.abort(),
  );
  const states = lastStates(patience.signal);
  await arrived(options, deadline);
  if (await states) await arrived(options, deadline);
  // Last of all, so that what was written while states were waited for is in them.
  await options.followers?.settle(deadline);
  late.abort();
  await Promise.all([half, tooLong]);
}

/** Until nothing is on its way any more: where all is over, what had not been listed, or came with the last change. */
async function arrived(
  { clock, drainMs, followers, mayBeOver, synced, changedAt }: DrainOptions,
  signal: AbortSignal,
): Promise<void> {
  if (followers === undefined) return;
  const graceMs = Math.min(GRACE_MS, drainMs);
  const until = clock.now() + graceMs;
  await within(graceMs, () => synced, { clock, signal });
  const last = mayBeOver && followers.areOver ? Math.min(until, changedAt() + graceMs) : until;
  if (last > clock.now()) await clock.sleep(last - clock.now(), signal).catch(() => undefined);
}
