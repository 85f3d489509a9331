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
  #calls = 0;
  #isRetired = false;

  constructor(options: FileChannelOptions) {
    this.#options = options;
    this.#connections = new Set([options.first]);
  }

  get isUsable(): boolean {
    return !this.#isRetired;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  get isIdle(): boolean {
    return this.#calls === 0;
  }

  reserve(): boolean {
    if (this.#isRetired || this.#calls >= MAX_CONNECTIONS) return false;
    this.#calls += 1;
    return true;
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#calls === 0) this.close();
  }

  close(): void {
    this.#isRetired = true;
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
      this.#release();
      throw error;
    }
    const answer = connection.open({ request: all, prefix, server }, life, () => this.#release());
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

  #release(): void {
    this.#calls -= 1;
    if (this.#isRetired && this.#calls === 0) this.close();
  }
}
