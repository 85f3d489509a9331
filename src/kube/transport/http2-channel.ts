import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientLimits } from '../limits.ts';
import { Calls } from './calls.ts';
import { CallLife, type Channel, Unprocessed } from './channel.ts';
import { eventOf } from './event.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { answerOf } from './http2-answer.ts';

/** Node's default of 64 KiB halves the throughput; beyond these it no longer grows. */
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 32 * 1024 * 1024;
/** Megabytes that node itself may keep for a session; the windows bound it long before. */
const SESSION_MEMORY = 1024;

export interface Http2Options {
  readonly server: URL;
  readonly limits: Pick<ClientLimits, 'pingMs' | 'streamsPerConnection'>;
}

/** One HTTP/2 connection. */
export class Http2Channel implements Channel {
  readonly #session: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #server: URL;
  readonly #limits: Http2Options['limits'];
  readonly #streams = new Calls(() => this.close());

  private constructor(session: ClientHttp2Session, socket: TLSSocket, { server, limits }: Http2Options) {
    this.#session = session;
    this.#socket = socket;
    this.#server = server;
    this.#limits = limits;
    session.once('goaway', () => this.retire());
    this.#askForLife();
  }

  /** Resolves when the server's settings, with its stream limit, are known. */
  static async open(socket: TLSSocket, options: Http2Options, signal: AbortSignal): Promise<Http2Channel> {
    const session = http2.connect(options.server.origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
      maxSessionMemory: SESSION_MEMORY,
    });
    session.on('error', () => undefined); // told to every stream, and to whoever opens; alone it must not end the process
    try {
      await eventOf(session, 'remoteSettings', signal);
      session.setLocalWindowSize(SESSION_WINDOW);
    } catch (error) {
      session.destroy();
      throw error;
    }
    return new Http2Channel(session, socket, options);
  }

  get isUsable(): boolean {
    return !this.#streams.isRetired && !this.#session.closed && !this.#session.destroyed;
  }

  get isClosed(): boolean {
    return this.#session.destroyed;
  }

  get isIdle(): boolean {
    return this.#streams.isIdle;
  }

  reserve(): boolean {
    const { maxConcurrentStreams = Number.POSITIVE_INFINITY } = this.#session.remoteSettings;
    return this.isUsable && this.#streams.reserve(Math.min(this.#limits.streamsPerConnection, maxConcurrentStreams));
  }

  retire(): void {
    this.#streams.retire();
  }

  close(): void {
    this.#end();
  }

  open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const stream = this.#request(request);
    const life = new CallLife(request, this.#server.origin, signal);
    return answerOf(stream, { life, origin: this.#server.origin, ended: () => this.#streams.release() });
  }

  #request({ method, path, headers, body }: HttpRequest): ClientHttp2Stream {
    const fields = { ':method': method, ':path': `${this.#server.pathname.replace(/\/$/, '')}${path}`, ...headers };
    try {
      const stream = this.#session.request(fields, { endStream: body === undefined });
      if (body !== undefined) stream.end(body);
      return stream;
    } catch (cause) {
      this.#streams.release();
      // Between the reservation and now the session may have ended; nothing was sent.
      if (!this.isUsable) throw new Unprocessed('the connection was closed', { cause });
      throw cause;
    }
  }

  /** Node leaves a session's socket half open, and waits for a server that may never close its half. */
  #end(error?: Error): void {
    this.#streams.end();
    this.#session.destroy(error);
    this.#socket.destroy();
  }

  /** A dead peer must not look like silence. */
  #askForLife(): void {
    let isAnswered = true;
    const judge = (): void => {
      if (!isAnswered) this.#end(new Error('the server gave no sign of life'));
    };
    const timer = setInterval(() => {
      if (this.isClosed) return; // and will say so soon: a ping would throw, with nobody to catch it
      // After a pause of this process an answer may be waiting to be read: it is, before setImmediate.
      if (!isAnswered) return void setImmediate(judge);
      isAnswered = false;
      this.#session.ping((error) => {
        isAnswered = error === null;
      });
    }, this.#limits.pingMs).unref();
    this.#session.once('close', () => clearInterval(timer));
  }
}
