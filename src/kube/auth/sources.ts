import type { Clock } from '../../model/time.ts';
import type { CredentialSource, Credentials } from '../connection.ts';
import { SharedTask } from './shared-task.ts';

/** The kubelet renews a pod's token minutes before it expires; a minute is what client-go waits, too. */
const REREAD_AFTER_MS = 60_000;

/** Credentials that never change: another try would give the same. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return {
    async get(signal) {
      signal.throwIfAborted();
      return credentials;
    },
    reject: () => false,
  };
}

/** True where two credentials hold the same text. */
export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.token === b.token &&
    a.clientCertificate?.cert === b.clientCertificate?.cert &&
    a.clientCertificate?.key === b.clientCertificate?.key
  );
}

/**
 * Credentials that stand in files: read again every minute, and after a 401. The object is the same one as long as
 * its content is. While a file cannot be read, or holds half of a change, the last good ones stay.
 */
export class FileCredentials implements CredentialSource {
  readonly #clock: Clock;
  readonly #reading: SharedTask<Credentials>;
  #last: Credentials | undefined;
  /** When to read again, in the clock's milliseconds. */
  #due = 0;

  constructor(read: (signal: AbortSignal) => Promise<Credentials>, clock: Clock) {
    this.#clock = clock;
    this.#reading = new SharedTask((signal) => this.#refresh(read, signal));
  }

  async get(signal: AbortSignal): Promise<Credentials> {
    signal.throwIfAborted();
    if (this.#last !== undefined && this.#clock.now() < this.#due) return this.#last;
    return this.#reading.join(signal);
  }

  reject(rejected: Credentials): boolean {
    if (rejected === this.#last) this.#due = 0;
    return true;
  }

  async #refresh(read: (signal: AbortSignal) => Promise<Credentials>, signal: AbortSignal): Promise<Credentials> {
    const fresh = await this.#readOrLast(read, signal);
    if (this.#last === undefined || !sameCredentials(this.#last, fresh)) this.#last = fresh;
    this.#due = this.#clock.now() + REREAD_AFTER_MS;
    return this.#last;
  }

  async #readOrLast(read: (signal: AbortSignal) => Promise<Credentials>, signal: AbortSignal): Promise<Credentials> {
    try {
      return await read(signal);
    } catch (error) {
      if (this.#last === undefined) throw error;
      return this.#last; // Most likely the file is being replaced; a 401 will tell if these are too old.
    }
  }
}
