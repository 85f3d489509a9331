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

/** An answer that is no success. */
export interface Refusal {
  readonly status: number;
  /** What was asked for. */
  readonly what: string;
  /** The body: parsed where it is JSON. */
  readonly body: unknown;
  readonly contentType: string | undefined;
  /** The header's text. */
  readonly retryAfter: string | undefined;
}

/** The error in a Status: the body of an answer, or the object of a watch's ERROR frame. */
export function statusError(body: unknown, otherwise: { status: number; retryAfterMs?: number | undefined }): ApiError {
  const status = numberOf(field(body, 'code')) ?? otherwise.status;
  const reason = textOf(field(body, 'reason')) ?? '';
  const seconds = numberOf(path(body, 'details', 'retryAfterSeconds'));
  const message = textOf(field(body, 'message')) ?? (reason === '' ? `HTTP ${status}` : reason);
  return new ApiError(status, message, {
    reason,
    retryAfterMs: seconds === undefined ? otherwise.retryAfterMs : seconds * 1000,
    ...hintFor(status),
  });
}

/** The error in an answer: its Status, or where it has none (a proxy, a kubelet) what can be said of it. */
export function refusalError(refusal: Refusal): ApiError {
  const { status, what, body, contentType, retryAfter } = refusal;
  const retryAfterMs = retryAfterOf(retryAfter);
  if (field(body, 'kind') === 'Status') return statusError(body, { status, retryAfterMs });
  const words = contentType?.startsWith('text/plain') === true ? firstLine(body) : undefined;
  const message = `${what} was answered with HTTP ${status}${words === undefined ? '' : `: ${words}`}`;
  return new ApiError(status, message, { retryAfterMs, ...hintFor(status), ...foreignHint(status, contentType) });
}

/** Whole seconds; a date, which only proxies send, is not worth a clock that both agree on. */
function retryAfterOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : undefined;
}

function hintFor(status: number): { hint?: string } {
  return status === 401 ? { hint: 'log in again, or check the user of this context in the kubeconfig' } : {};
}

/** An API server neither redirects nor answers in HTML. */
function foreignHint(status: number, contentType: string | undefined): { hint?: string } {
  const isForeign = (status >= 300 && status < 400) || contentType?.startsWith('text/html') === true;
  return isForeign ? { hint: FOREIGN_HINT } : {};
}

/** For answers that no API server gives. */
export const FOREIGN_HINT = 'is there a proxy or a login page in between, or is this no Kubernetes API server?';

const WORDS_LENGTH = 200;

function firstLine(body: unknown): string | undefined {
  if (typeof body !== 'string') return undefined;
  const [line = ''] = body.trim().split(/[\r\n]/, 1);
  return textOf(
    line
      .replaceAll(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, WORDS_LENGTH),
  );
}

/** Forbidden, by RBAC or a proxy; or not served: neither changes by being asked again. */
const REFUSALS = new Set([403, 404, 405]);

/** Whether a node that answers so does not want to be asked; anything else passes. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && REFUSALS.has(error.status);
}
