import { FaroError } from '../model/errors.ts';
import type { Clock } from '../model/time.ts';
import { VERSION } from '../version.ts';
import type { Connection, Credentials, Impersonation } from './connection.ts';
import { ApiError } from './error.ts';
import type { ClientLimits } from './limits.ts';
import { expiredCertificate } from './transport/connect-error.ts';
import type { Headers, HttpRequest, HttpResponse } from './transport/http.ts';
import { Transport } from './transport/transport.ts';

/** Sends requests as the connection's user. */
export class Sender implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #headers: Headers;

  constructor(connection: Connection, clock: Clock, limits: ClientLimits) {
    this.#connection = connection;
    this.#clock = clock;
    this.#transport = new Transport(connection, clock, limits);
    this.#headers = { 'user-agent': `faro/${VERSION}`, ...impersonationHeaders(connection.impersonate) };
  }

  /** The server as a message names it. */
  get server(): string {
    return this.#connection.server.href.replace(/\/$/, '');
  }

  /** Resolves with whatever the server answers; a 401 is answered once with new credentials, if there are any. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { credentials: source } = this.#connection;
    const credentials = await source.get(signal);
    const response = await this.#sendAs(credentials, request, signal);
    if (response.status !== 401) return response;
    const fresh = await this.#renewed(credentials, response, signal);
    if (fresh === credentials) return this.#explained(response, credentials);
    await response.body[Symbol.asyncDispose]();
    return this.#explained(await this.#sendAs(fresh, request, signal), fresh);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#transport[Symbol.asyncDispose]();
  }

  async #sendAs(credentials: Credentials, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const authorization = credentials.token === undefined ? {} : { authorization: `Bearer ${credentials.token}` };
    const headers = { ...this.#headers, ...request.headers, ...authorization };
    requireSendable(headers);
    return this.#transport.request({ ...request, headers }, credentials, signal);
  }

  /** The same credentials where asking again is of no use. */
  async #renewed(rejected: Credentials, response: HttpResponse, signal: AbortSignal): Promise<Credentials> {
    const { credentials: source } = this.#connection;
    if (!source.reject(rejected)) return rejected;
    try {
      return await source.get(signal);
    } catch (error) {
      await response.body[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Most servers say only "Unauthorized" to a certificate that has ended. */
  async #explained(response: HttpResponse, credentials: Credentials): Promise<HttpResponse> {
    const expired = response.status === 401 ? expiredCertificate(credentials, this.#clock.now()) : undefined;
    if (expired === undefined) return response;
    await response.body[Symbol.asyncDispose]();
    throw new ApiError(401, `${this.server} refused the user: ${expired.what}`, {
      reason: 'Unauthorized',
      hint: expired.hint,
    });
  }
}

/** Over HTTP/2 a header with a line break is left out without a word: a request would go out as somebody else. */
function requireSendable(headers: Headers): void {
  for (const [name, values] of Object.entries(headers)) {
    if ([values].flat().every((value) => !FORBIDDEN.test(value))) continue;
    const code = name === 'authorization' ? 'unauthorized' : 'usage';
    throw new FaroError(code, `${name}: the value holds characters that no HTTP header may hold`, {
      hint: 'is there a line break in the token, or in the name of the user to act as?',
    });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f]/;

function impersonationHeaders(impersonate: Impersonation | null): Headers {
  if (impersonate === null) return {};
  const { user, uid, groups, extra } = impersonate;
  const values = Object.entries(extra).map(([key, texts]) => [
    `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
    texts.map(headerText),
  ]);
  return {
    'impersonate-user': headerText(user),
    ...(uid === undefined ? {} : { 'impersonate-uid': headerText(uid) }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups.map(headerText) }),
    ...Object.fromEntries(values),
  };
}

/** Header values go out byte by byte: any text as UTF-8, as Go sends it. */
function headerText(text: string): string {
  return Buffer.from(text).toString('latin1');
}
