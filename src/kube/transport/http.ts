/**
 * Watches and plain calls share connections; logs have their own, so that a flood of lines cannot delay a watch. Files, which
 * are asked for without a body, have theirs, that cost less for each byte.
 */
export type Lane = 'api' | 'logs' | 'files';

/** Names in lower case; several values are sent as several fields. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query below the server's own path. */
  readonly path: string;
  readonly headers: Headers;
  readonly body?: Buffer;
  readonly lane: Lane;
  /** The longest silence in milliseconds, before the answer or within its body; undefined: it may stay silent for ever. */
  readonly maxSilenceMs?: number;
  /** The longest time in milliseconds from its beginning to the end of its body; undefined: as long as it takes. */
  readonly maxMs?: number;
}

/** Bytes as they arrive. Reading slowly holds the sender back; disposing ends it. A break in the middle throws. */
export interface ByteStream extends AsyncIterable<Buffer>, AsyncDisposable {
  /**
   * The same in memory that is used again, for whoever keeps nothing of a piece without copying it: each holds only until
   * the next one is asked for. Absent where there is no such memory.
   */
  readonly lent?: AsyncIterable<Buffer>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or disposed. */
  readonly body: ByteStream;
}

/** A header's first value. */
export function headerOf(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A request's path without its query: what a message may show. */
export function pathOnly(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
