/** What the client bounds; milliseconds and bytes. */
export interface ClientLimits {
  /** Connecting, the proxy, the TLS handshake and the first HTTP/2 settings together. */
  readonly connectMs: number;
  /** The longest silence of a plain call, before its answer or within it; watches and logs may be silent for ever. */
  readonly silenceMs: number;
  /** The longest time that a plain call may take in all: a server that sends a byte now and then is never silent. */
  readonly callMs: number;
  /** A server is asked for a sign of life this often, and has as long to give one. */
  readonly pingMs: number;
  /** Streams that a connection is asked to carry, even where the server would allow more. */
  readonly streamsPerConnection: number;
  /** How often a plain call is tried again when the server asks for patience (429, 503 with Retry-After). */
  readonly retries: number;
  /** A server that asks for more patience than this is not waited for. */
  readonly maxRetryAfterMs: number;
  /** The answer of a plain call, decompressed. */
  readonly answerBytes: number;
  /** One frame of a watch; etcd holds objects of 1.5 MB. */
  readonly frameBytes: number;
}

export const DEFAULT_LIMITS: ClientLimits = {
  connectMs: 30_000,
  silenceMs: 60_000,
  callMs: 600_000,
  pingMs: 15_000,
  streamsPerConnection: 90,
  retries: 4,
  maxRetryAfterMs: 60_000,
  answerBytes: 256 * 1024 * 1024,
  frameBytes: 64 * 1024 * 1024,
};
