import { Calls } from './calls.ts';
import { CallLife, type Channel } from './channel.ts';
import type { FileConnection } from './file-connection.ts';
import type { Headers, HttpRequest, HttpResponse } from './http.ts';

export interface FileChannelOptions {
  readonly server: URL;
  /** What stands before every path: the server's own, or the whole URL for a proxy that is asked for each request. */
  readonly prefix: string;
  /** For such a proxy. */
  readonly headers: Headers;
  /** A connection that is there already. */
  readonly first: FileConnection;
  readonly connect: (signal: AbortSignal) => Promise<FileConnection>;
}

/** A connection for each file in flight is much for a server: what comes beyond these shares one of HTTP/2. */
const MAX_CONNECTIONS = 8;

/** The connections over which files are read; they are kept for the next ones. */
export class FileChannel implements Channel {
  readonly #options: FileChannelOptions;
  readonly #closed = new AbortController();
  readonly #connections: Set<FileConnection>;
  readonly #calls = new Calls(() => this.close());

  constructor(options: FileChannelOptions) {
    this.#options = options;
    this.#connections = new Set([options.first]);
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
    return this.#calls.reserve(MAX_CONNECTIONS);
  }

  retire(): void {
    this.#calls.retire();
  }

  close(): void {
    this.#calls.end();
    this.#closed.abort(new Error('the connection was closed'));
    for (const connection of this.#connections) connection.close();
  }

  async open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { server, prefix, headers } = this.#options;
    const life = new CallLife(request, server.origin, signal);
    const all = { ...request, headers: { ...headers, ...request.headers } };
    let connection: FileConnection;
    try {
      connection = this.#free() ?? (await this.#options.connect(AbortSignal.any([life.signal, this.#closed.signal])));
    } catch (error) {
      life.end();
      this.#calls.release();
      throw error;
    }
    const answer = connection.open({ request: all, prefix, server }, life, () => this.#calls.release());
    this.#connections.add(connection); // not before it is taken
    if (this.isClosed) connection.close();
    return answer;
  }

  /** One that is kept; those that were closed meanwhile are forgotten. */
  #free(): FileConnection | undefined {
    for (const connection of this.#connections) {
      if (connection.isFree) return connection;
      if (!connection.isGone) continue;
      connection.close();
      this.#connections.delete(connection);
    }
    return undefined;
  }
}
