import { messageOf } from '../model/errors.ts';
import type { Hold } from '../model/gap.ts';
import type { Clock } from '../model/time.ts';

export interface DiskTroubleOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: { warn(fields: object, message: string): void };
  /** For so long a disk that takes nothing is waited for. */
  readonly waitMs: number;
  /** Aborted when the recording is to end for it. */
  readonly ending: AbortController;
}

/** A disk that takes nothing for a while: what is said of that, and when it is waited for no longer. */
export class DiskTrouble {
  readonly #options: DiskTroubleOptions;
  /** Since when, in milliseconds, and why. */
  #current: { readonly since: number; readonly reason: string } | undefined;

  constructor(options: DiskTroubleOptions) {
    this.#options = options;
  }

  /** Set while log lines are to be left where they are. */
  get hold(): Hold | undefined {
    if (this.#current === undefined) return undefined;
    return { cause: 'disk-full', evidence: `the journal could not be written: ${this.#current.reason}` };
  }

  /** The disk did not take what it was given. */
  goesOn(cause: unknown): void {
    const { clock, log, waitMs, ending } = this.#options;
    const now = clock.now();
    const reason = messageOf(cause);
    if (this.#current === undefined) {
      const message = 'the journal cannot be written: logs are held back until it can, or the recording ends';
      log.warn({ error: reason, waitSeconds: waitMs / 1000 }, message);
    }
    this.#current ??= { since: now, reason };
    if (now - this.#current.since < waitMs || ending.signal.aborted) return;
    log.warn({ error: reason }, 'the journal could not be written for too long: the recording ends');
    ending.abort('disk-full');
  }

  /** The disk took it. Returns what the story is to say of the time before; undefined where it took everything. */
  overcome(): string | undefined {
    if (this.#current === undefined) return undefined;
    const { clock, log } = this.#options;
    const { since, reason } = this.#current;
    const seconds = ((clock.now() - since) / 1000).toFixed(1);
    this.#current = undefined;
    log.warn({ seconds }, 'the journal is written again');
    return `the journal could not be written for ${seconds} s (${reason}): log lines were held back meanwhile`;
  }
}
