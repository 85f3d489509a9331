import { type ErrorCode, FaroError } from '../model/errors.ts';
import { field, numberOf, path, textOf } from '../model/fields.ts';

/** A Kubernetes Status (or a bare HTTP error) as an error. */
export class ApiError extends FaroError {
  /** HTTP status, or the Status' own code inside a watch. */
  readonly status: number;
  /** Kubernetes' reason: `Expired`, `Forbidden`, `NotFound`; empty where the answer was no Status. */
  readonly reason: string;
  /** How long the server asks to wait before another attempt. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    message: string,
    details: { reason?: string; retryAfterMs?: number | undefined; hint?: string } = {},
  ) {
    super(codeOf(status, details.reason ?? ''), message, details.hint === undefined ? {} : { hint: details.hint });
    this.name = 'ApiError';
    this.status = status;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

function codeOf(status: number, reason: string): ErrorCode {
  if (status === 410 || reason === 'Expired' || reason === 'Gone') return 'expired';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  return 'api';
}

/** An error from the body of an answer (or of a watch's ERROR frame): a Status where it is one, else a bare HTTP error. */
export function errorFromBody(status: number, body: unknown, retryAfter?: string): ApiError {
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && Number.isFinite(seconds) ? seconds * 1000 : undefined;
  if (field(body, 'kind') !== 'Status')
    return new ApiError(status, `the server answered with HTTP ${status}`, { retryAfterMs });
  const asked = numberOf(path(body, 'details', 'retryAfterSeconds'));
  return new ApiError(numberOf(field(body, 'code')) ?? status, textOf(field(body, 'message')) ?? `HTTP ${status}`, {
    reason: textOf(field(body, 'reason')) ?? '',
    retryAfterMs: asked === undefined ? retryAfterMs : asked * 1000,
  });
}
