import { TLSSocket } from 'node:tls';
import { codeOf, FaroError } from '../../model/errors.ts';
import { SharedTask } from '../auth/shared-task.ts';
import type { ClientLimits } from '../limits.ts';
import type { Channel } from './channel.ts';
import { connectError } from './connect-error.ts';
import { FileChannel } from './file-channel.ts';
import type { Headers, Lane } from './http.ts';
import { proxyAuthorization } from './http-proxy.ts';
import { Http1Channel } from './http1-channel.ts';
import { Http2Channel } from './http2-channel.ts';
import { type Caller, openForFiles, openSocket } from './socket.ts';

const HTTP_1 = 'http/1.1';
/** New connections in a row that the server ends at once, or allows no stream on, before that is an error. */
const MAX_STILLBORN = 3;

/** The connections of one lane for one client certificate: opened one at a time, another only when all are full. */
export class Channels {
  readonly #caller: () => Caller;
  readonly #limits: ClientLimits;
  readonly #lane: Lane;
  readonly #opening: SharedTask<Channel>;
  #channels: readonly Channel[] = [];
  #isRetired = false;

  constructor(caller: () => Caller, { limits, lane }: { readonly limits: ClientLimits; readonly lane: Lane }) {
    this.#caller = caller;
    this.#limits = limits;
    this.#lane = lane;
    this.#opening = new SharedTask((signal) => this.#open(signal));
  }

  /** Nothing is open here any more. */
  get isClosed(): boolean {
    return this.#isRetired && this.#channels.every(({ isClosed }) => isClosed);
  }

  /**
   * A channel with room for one stream, which is taken; undefined once these are retired, also where one that had been waited for
   * cannot be opened. Who waits for a new connection shares its failure.
   */
  async reserve(signal: AbortSignal): Promise<Channel | undefined> {
    for (let stillborn = 0; stillborn < MAX_STILLBORN; ) {
      if (this.#isRetired) return undefined;
      const free = this.#channels.find((channel) => channel.reserve());
      if (free !== undefined) return free;
      const opened = await this.#opened(signal);
      if (opened === undefined) return undefined;
      if (opened.reserve()) return opened;
      // Either it is full already, of those who waited beside, or it takes nobody.
      if (!opened.isUsable || opened.isIdle) stillborn += 1;
    }
    const { server } = this.#caller().connection;
    throw new FaroError('unreachable', `${server.origin} takes no requests on a new connection`, {
      hint: 'the server may be shutting down, or be overloaded; try again',
    });
  }

  /** Takes no new streams; each connection closes when its last stream ends. */
  retire(): void {
    this.#isRetired = true;
    for (const channel of this.#channels) channel.retire();
  }

  close(): void {
    this.#isRetired = true;
    for (const channel of this.#channels) channel.close();
  }

  /** That none opens for a certificate that has been replaced is nothing to whoever may have another's. */
  async #opened(signal: AbortSignal): Promise<Channel | undefined> {
    try {
      return await this.#opening.join(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (this.#isRetired) return undefined;
      throw error;
    }
  }

  async #open(signal: AbortSignal): Promise<Channel> {
    const caller = this.#caller();
    await caller.connection.rereadTrust?.(signal);
    const channel = await this.#connect(caller, signal);
    this.#channels = [...this.#channels.filter(({ isClosed }) => !isClosed), channel];
    if (this.#isRetired) channel.retire();
    return channel;
  }

  async #connect(caller: Caller, signal: AbortSignal): Promise<Channel> {
    const { server } = caller.connection;
    const { connectMs: timeoutMs } = this.#limits;
    const hasFiles = this.#channels.some((channel) => channel instanceof FileChannel);
    const files = this.#lane === 'files' && !hasFiles ? await this.#files(signal) : undefined;
    if (files !== undefined) return files;
    if (server.protocol === 'http:') return this.#http1();
    const socket = await openSocket(caller, { timeoutMs, protocols: ['h2', HTTP_1] }, signal);
    if (!(socket instanceof TLSSocket) || socket.alpnProtocol !== 'h2') return this.#http1(socket);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await Http2Channel.open(socket, { server, limits: this.#limits }, AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      throw connectError(
        timeout.aborted ? new Error(`no HTTP/2 settings came within ${timeoutMs / 1000} s`) : error,
        caller,
      );
    }
  }

  /** Undefined where the server speaks nothing but HTTP/2. */
  async #files(signal: AbortSignal): Promise<FileChannel | undefined> {
    const { connectMs: timeoutMs } = this.#limits;
    const connect = (over: AbortSignal) => openForFiles(this.#caller(), timeoutMs, over);
    try {
      return new FileChannel({ ...this.#requests(), first: await connect(signal), connect });
    } catch (error) {
      if (isOfAlpn(error)) return undefined;
      throw error;
    }
  }

  #http1(first?: Http1First): Http1Channel {
    const { connectMs: timeoutMs } = this.#limits;
    // A server that speaks HTTP/1.1 may stand beside one that speaks HTTP/2: only the first is wanted from here on.
    const connect = (signal: AbortSignal) => openSocket(this.#caller(), { timeoutMs, protocols: [HTTP_1] }, signal);
    return new Http1Channel({ ...this.#requests(), connect, ...(first && { first }) });
  }

  /** How requests of HTTP/1.1 are addressed. */
  #requests(): { readonly server: URL; readonly prefix: string; readonly headers: Headers } {
    const { server, proxy } = this.#caller().connection;
    const path = server.pathname.replace(/\/$/, '');
    const isAskedEachTime = server.protocol === 'http:' && proxy !== null && proxy.protocol !== 'socks5:';
    if (!isAskedEachTime) return { server, prefix: path, headers: {} };
    return { server, prefix: server.origin + path, headers: proxyAuthorization(proxy) };
  }
}

/** The server ended the handshake: it speaks none of the protocols that it was offered. */
function isOfAlpn(error: unknown): boolean {
  return codeOf(error instanceof Error ? error.cause : error) === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';
}

type Http1First = NonNullable<ConstructorParameters<typeof Http1Channel>[0]['first']>;
