import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Calls } from './calls.ts';
import { CallLife, type Channel, Unprocessed } from './channel.ts';
import type { Headers, HttpRequest, HttpResponse } from './http.ts';
import { StreamBody } from './stream-body.ts';

export interface Http1Options {
  readonly server: URL;
  /** What stands before every path: the server's own, or the whole URL for a proxy that is asked for each request. */
  readonly prefix: string;
  /** For such a proxy. */
  readonly headers: Headers;
  /** A connection that is there already, for the first request. */
  readonly first?: Socket;
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
}

/** HTTP/1.1, where each request in flight takes a connection of its own; they are kept for the next ones. */
export class Http1Channel implements Channel {
  readonly #options: Http1Options;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #closed = new AbortController();
  #first: Socket | undefined;
  readonly #calls = new Calls(() => this.close());

  constructor(options: Http1Options) {
    this.#options = options;
    this.#first = options.first;
    this.#agent.createConnection = (_options, callback) => this.#socket(callback);
  }

  get isUsable(): boolean {
    return !this.#calls.isRetired;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  get isIdle(): boolean {
    return this.#calls.isIdle;
  }

  reserve(): boolean {
    return this.#calls.reserve();
  }

  retire(): void {
    this.#calls.retire();
  }

  close(): void {
    this.#calls.end();
    this.#closed.abort(new Error('the connection was closed'));
    this.#first?.destroy();
    this.#agent.destroy();
  }

  open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const { origin } = this.#options.server;
    const call = this.#started(request);
    const life = new CallLife(request, origin, signal);
    const cancel = (): void => void call.destroy();
    life.signal.addEventListener('abort', cancel, { once: true });
    call.once('response', (response: IncomingMessage) => {
      life.heard();
      const body = new StreamBody(response, {
        origin,
        signal: life.signal,
        heard: () => life.heard(),
        cancel: () => void response.destroy(),
      });
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    });
    call.on('error', (error) => reject(life.signal.aborted ? life.signal.reason : errorOf(call, error)));
    call.once('close', () => {
      life.end();
      life.signal.removeEventListener('abort', cancel);
      this.#calls.release();
      reject(life.signal.aborted ? life.signal.reason : new Error('the connection was closed'));
    });
    if (life.signal.aborted) cancel();
    return promise;
  }

  #started(request: HttpRequest): ClientRequest {
    try {
      return this.#request(request);
    } catch (error) {
      this.#calls.release(); // Node refused a header; nothing was sent
      throw error;
    }
  }

  #request({ method, path, headers, body }: HttpRequest): ClientRequest {
    const { server, prefix, headers: more } = this.#options;
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const fields = Object.entries({ host: server.host, ...more, ...headers, ...length });
    const call = http.request({
      agent: this.#agent,
      method,
      path: `${prefix}${path}`,
      headers: Object.fromEntries(
        fields.map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
      ),
    });
    return call.end(body);
  }

  #socket(callback: ((error: Error | null, socket: Socket) => void) | undefined): Socket | undefined {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && !first.destroyed) return first;
    this.#options.connect(this.#closed.signal).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, new Socket()),
    );
    return undefined;
  }
}

/** A kept connection that the server closed just as it was used again: a GET may be sent once more. */
function errorOf(call: ClientRequest, error: Error): Error {
  if (!call.reusedSocket || call.method !== 'GET') return error;
  return new Unprocessed('a kept connection was closed', { cause: error });
}
