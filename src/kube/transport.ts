import http, { type IncomingMessage } from 'node:http';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { FaroError, messageOf } from '../model/errors.ts';
import type { Clock } from '../model/time.ts';
import { connectError, expiredClientCertificate } from './connect-error.ts';
import type { Connection, Credentials } from './connection.ts';
import { openTlsSocket } from './socket.ts';

/** Watches and plain calls share connections; logs have their own, so that a flood of lines cannot delay a watch. */
export type Lane = 'api' | 'logs';

/** Names in lower case; several values are sent as several fields. */
export type Headers = Readonly<Record<string, string | string[]>>;

export interface TransportRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Headers;
  readonly body?: Buffer;
  readonly lane: Lane;
}

/** Bytes as they arrive. Reading slowly holds the sender back; disposing ends it. */
export interface ByteStream extends AsyncIterable<Buffer>, AsyncDisposable {}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: ByteStream;
}

/** Streams a connection is asked to carry at most, even where the server allows more. */
const MAX_STREAMS = 90;
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 32 * 1024 * 1024;
/** A dead peer must not look like silence: it is asked for a sign of life this often, and given as long to answer. */
const PING_MS = 15_000;

/** One connection, and what may still be opened on it. */
interface Channel {
  open(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse>;
  readonly hasRoom: boolean;
  readonly isUsable: boolean;
  close(): void;
}

/** HTTP to one API server: HTTP/2 where it speaks that, few connections, back-pressure all the way. */
export class Transport implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #channels: Record<Lane, Channel[]> = { api: [], logs: [] };
  readonly #opening: Partial<Record<Lane, Promise<Channel>>> = {};
  #certificate: string | undefined;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Resolves when the headers are there. Throws FaroError `unreachable` where the connection fails. */
  async request(request: TransportRequest, credentials: Credentials, signal: AbortSignal): Promise<TransportResponse> {
    signal.throwIfAborted();
    this.#renewFor(credentials);
    const channel = await this.#channel(request.lane, credentials, signal);
    try {
      return await channel.open(request, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#broken(error, credentials);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of [...this.#channels.api, ...this.#channels.logs]) channel.close();
  }

  /** A client certificate belongs to a connection: another one needs new connections; open streams stay on the old. */
  #renewFor(credentials: Credentials): void {
    const certificate = credentials.clientCertificate?.cert;
    if (certificate === this.#certificate) return;
    this.#certificate = certificate;
    this.#channels.api = [];
    this.#channels.logs = [];
  }

  async #channel(lane: Lane, credentials: Credentials, signal: AbortSignal): Promise<Channel> {
    for (;;) {
      this.#channels[lane] = this.#channels[lane].filter((channel) => channel.isUsable);
      const free = this.#channels[lane].find((channel) => channel.hasRoom);
      if (free !== undefined) return free;
      // One connection is opened at a time; whoever waited looks again for room.
      const opening = this.#opening[lane];
      if (opening === undefined) return this.#open(lane, credentials, signal);
      await opening.catch(() => undefined); // whoever opens it hears the error; this request tries itself then
      signal.throwIfAborted();
    }
  }

  async #open(lane: Lane, credentials: Credentials, signal: AbortSignal): Promise<Channel> {
    const opening = this.#connect(credentials, signal);
    this.#opening[lane] = opening;
    try {
      const channel = await opening;
      this.#channels[lane].push(channel);
      return channel;
    } finally {
      delete this.#opening[lane];
    }
  }

  async #connect(credentials: Credentials, signal: AbortSignal): Promise<Channel> {
    const { server } = this.#connection;
    if (server.protocol === 'http:') return new Http1Channel(server, undefined);
    await this.#connection.rereadTrust?.(signal);
    const socket = await openTlsSocket(this.#connection, { credentials, now: this.#clock.now() }, signal);
    if (socket.alpnProtocol === 'h2') return Http2Channel.on(socket, server);
    return new Http1Channel(server, this.#agent(socket, credentials));
  }

  /** HTTP/1.1 takes a connection for each request in flight: the first socket is there, others are opened alike. */
  #agent(first: TLSSocket, credentials: Credentials): https.Agent {
    const agent = new https.Agent({ keepAlive: true });
    let ready: TLSSocket | undefined = first;
    agent.createConnection = (_options, callback) => {
      if (ready !== undefined && !ready.destroyed) {
        const socket = ready;
        ready = undefined;
        return socket;
      }
      openTlsSocket(this.#connection, { credentials, now: this.#clock.now() }, new AbortController().signal).then(
        (socket) => callback?.(null, socket),
        (error: Error) => callback?.(error, first),
      );
      return undefined;
    };
    return agent;
  }

  #broken(error: unknown, credentials: Credentials): FaroError {
    const now = this.#clock.now();
    // A server that refuses a certificate breaks the connection, with an alert at best.
    if (error instanceof FaroError && expiredClientCertificate(credentials, now) === undefined) return error;
    return connectError(error, this.#connection, { credentials, now });
  }
}

class Http2Channel implements Channel {
  readonly #session: ClientHttp2Session;
  readonly #prefix: string;
  #streams = 0;
  #isUsable = true;

  private constructor(session: ClientHttp2Session, prefix: string) {
    this.#session = session;
    this.#prefix = prefix;
    const unusable = () => {
      this.#isUsable = false;
    };
    session.on('goaway', unusable).on('close', unusable).on('error', unusable);
    this.#keepAlive();
  }

  /** Resolves when the server's settings, with its stream limit, are known. */
  static on(socket: TLSSocket, server: URL): Promise<Http2Channel> {
    const { promise, resolve, reject } = Promise.withResolvers<Http2Channel>();
    const session = http2.connect(server.origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
      maxSessionMemory: 1024,
    });
    session.once('error', reject).once('close', () => reject(new Error('the connection was closed')));
    session.once('remoteSettings', () => {
      session.setLocalWindowSize(SESSION_WINDOW);
      session.removeListener('error', reject);
      resolve(new Http2Channel(session, server.pathname.replace(/\/$/, '')));
    });
    return promise;
  }

  get hasRoom(): boolean {
    return this.#streams < Math.min(MAX_STREAMS, this.#session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS);
  }

  get isUsable(): boolean {
    return this.#isUsable && !this.#session.closed && !this.#session.destroyed;
  }

  close(): void {
    this.#isUsable = false;
    this.#session.destroy();
  }

  open(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    const stream = this.#session.request({
      ':method': request.method,
      ':path': this.#prefix + request.path,
      ...request.headers,
    });
    this.#streams += 1;
    const onAbort = () => stream.close(http2.constants.NGHTTP2_CANCEL);
    signal.addEventListener('abort', onAbort, { once: true });
    stream.once('close', () => {
      this.#streams -= 1;
      signal.removeEventListener('abort', onAbort);
      reject(signal.aborted ? signal.reason : new Error('the connection was closed before an answer came'));
    });
    stream.on('error', reject);
    stream.once('response', (headers) => {
      resolve({ status: Number(headers[':status']), headers, body: new StreamBody(stream, signal) });
    });
    stream.end(request.body);
    return promise;
  }

  #keepAlive(): void {
    let isAnswered = true;
    const timer = setInterval(() => {
      if (!this.isUsable && this.#streams === 0) return this.#session.destroy();
      if (!isAnswered) return this.#session.destroy(new Error('the server gave no sign of life'));
      isAnswered = false;
      this.#session.ping((error) => {
        isAnswered = error === null;
      });
    }, PING_MS).unref();
    this.#session.once('close', () => clearInterval(timer));
  }
}

class Http1Channel implements Channel {
  readonly #server: URL;
  readonly #agent: https.Agent | undefined;
  readonly hasRoom = true;
  readonly isUsable = true;

  constructor(server: URL, agent: https.Agent | undefined) {
    this.#server = server;
    this.#agent = agent;
  }

  close(): void {
    this.#agent?.destroy();
  }

  open(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    const { hostname: host, port, pathname } = this.#server;
    const options = {
      host,
      port,
      method: request.method,
      path: pathname.replace(/\/$/, '') + request.path,
      headers: {
        ...request.headers,
        ...(request.body === undefined ? {} : { 'content-length': String(request.body.length) }),
      },
      signal,
    };
    const call = this.#agent === undefined ? http.request(options) : https.request({ ...options, agent: this.#agent });
    call.on('error', reject);
    call.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: new StreamBody(response, signal) });
    });
    call.end(request.body);
    return promise;
  }
}

/** The body of an answer; a break in the middle is an error, never an early end. */
class StreamBody implements ByteStream {
  readonly #stream: ClientHttp2Stream | IncomingMessage;
  readonly #signal: AbortSignal;

  constructor(stream: ClientHttp2Stream | IncomingMessage, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('error', () => undefined); // told to whoever reads; one that nobody reads must not end the process
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#stream) yield chunk as Buffer;
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new FaroError('unreachable', `the connection broke: ${messageOf(error)}`, { cause: error });
    }
    this.#signal.throwIfAborted();
    if ('rstCode' in this.#stream && this.#stream.rstCode !== 0)
      throw new FaroError('unreachable', `the server reset the stream (HTTP/2 code ${this.#stream.rstCode})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ('close' in this.#stream) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
    else this.#stream.destroy();
  }
}
