import type { Clock } from '../model/time.ts';
import { type readJson, readRefusal } from './answer.ts';
import type { ApiError } from './error.ts';
import type { ClientLimits } from './limits.ts';
import type { Sender } from './sender.ts';
import type { HttpRequest } from './transport/http.ts';

export interface PlainCallOptions {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  /** What is made of a successful answer. */
  readonly read: typeof readJson;
}

/** A call that is answered with one document: bounded in silence and size, patient where the server asks for it. */
export async function plainCall(
  request: HttpRequest,
  { sender, clock, limits, read }: PlainCallOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const bounded = { ...request, maxSilenceMs: limits.silenceMs, maxMs: limits.callMs };
  for (let retries = 0; ; retries += 1) {
    const response = await sender.send(bounded, signal);
    await using _body = response.body;
    if (response.status < 300) return await read(response, request, limits.answerBytes);
    const error = await readRefusal(response, request);
    const patience = patienceFor(error, limits);
    if (patience === undefined || retries === limits.retries) throw error;
    await clock.sleep(patience, signal);
  }
}

/** How long to wait before the same call again; the server has not worked on it when it says 429, or 503 with a time. */
function patienceFor({ status, retryAfterMs }: ApiError, { maxRetryAfterMs }: ClientLimits): number | undefined {
  const isTemporary = status === 429 || status === 503;
  if (!isTemporary || retryAfterMs === undefined || retryAfterMs > maxRetryAfterMs) return undefined;
  return retryAfterMs;
}
