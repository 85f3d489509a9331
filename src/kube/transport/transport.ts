import { FaroError } from '../../model/errors.ts';
import type { Clock } from '../../model/time.ts';
import type { Connection, Credentials } from '../connection.ts';
import type { ClientLimits } from '../limits.ts';
import { type Channel, Unprocessed } from './channel.ts';
import { Channels } from './channels.ts';
import { connectError } from './connect-error.ts';
import type { HttpRequest, HttpResponse, Lane } from './http.ts';

/** A request that the server has not begun to work on is sent at most this often. */
const MAX_SENDS = 3;

/** HTTP to one API server: HTTP/2 where it speaks that, few connections, back-pressure all the way. */
export class Transport implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #limits: ClientLimits;
  readonly #retired = new Set<Channels>();
  #credentials: Credentials = {};
  #lanes: Readonly<Record<Lane, Channels>>;
  #isClosed = false;

  constructor(connection: Connection, clock: Clock, limits: ClientLimits) {
    this.#connection = connection;
    this.#clock = clock;
    this.#limits = limits;
    this.#lanes = this.#newLanes({});
  }

  /** Resolves when the headers are there. Throws FaroError `unreachable` where the connection fails. */
  async request(request: HttpRequest, credentials: Credentials, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    if (!this.#isClosed) this.#use(credentials);
    for (let sends = 1; ; sends += 1) {
      try {
        const channel = await this.#reserve(request.lane, signal);
        return await channel.open(request, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Unprocessed && sends < MAX_SENDS) continue;
        throw error instanceof FaroError ? error : connectError(error, this.#caller(this.#credentials));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const channels of [...Object.values(this.#lanes), ...this.#retired]) channels.close();
  }

  /** Connections may be replaced while they are waited for: then those in their place are, whose certificate is newer. */
  async #reserve(lane: Lane, signal: AbortSignal): Promise<Channel> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#isClosed) throw new FaroError('unreachable', 'the client was closed');
      const channel = await this.#lanes[lane].reserve(signal);
      if (channel !== undefined) return channel;
    }
  }

  /**
   * A client certificate belongs to a connection: another one needs new connections; open streams stay on the old. Asked for once
   * a request: one that is sent again may know an older certificate than that of the connections that are there by then.
   */
  #use(credentials: Credentials): void {
    if (isSameCertificate(credentials, this.#credentials)) return;
    for (const channels of this.#retired) if (channels.isClosed) this.#retired.delete(channels);
    for (const channels of Object.values(this.#lanes)) {
      channels.retire();
      this.#retired.add(channels);
    }
    this.#lanes = this.#newLanes(credentials);
  }

  #newLanes(credentials: Credentials): Readonly<Record<Lane, Channels>> {
    this.#credentials = credentials;
    const caller = () => this.#caller(credentials);
    const of = (lane: Lane) => new Channels(caller, { limits: this.#limits, lane });
    return { api: of('api'), logs: of('logs'), files: of('files') };
  }

  #caller(credentials: Credentials) {
    return { connection: this.#connection, credentials, now: this.#clock.now() };
  }
}

function isSameCertificate({ clientCertificate: a }: Credentials, { clientCertificate: b }: Credentials): boolean {
  return a?.cert === b?.cert && a?.key === b?.key;
}
