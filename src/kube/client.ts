import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FaroError, messageOf } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { VERSION } from '../version.ts';
import type { Connection } from './connection.ts';
import { type ApiError, errorFromBody } from './error.ts';
import { readList } from './list.ts';
import { type ByteStream, type Headers, type Lane, Transport, type TransportResponse } from './transport.ts';
import { readFrames } from './watch-frames.ts';

export type { ByteStream } from './transport.ts';

export interface ListOptions {
  /** null: the whole cluster. */
  readonly namespace: string | null;
  /** Only the object of this name (a field selector, which narrow permissions allow). */
  readonly name?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

export interface WatchOptions {
  readonly namespace: string | null;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  readonly resourceVersion?: string;
  /** A streaming list: the objects that exist come first, ended by a bookmark. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export type WatchFrame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly error: ApiError };

/** Lines come with their timestamps, always. */
export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

export interface GetOptions {
  readonly namespace: string | null;
  readonly name: string;
  readonly metadataOnly?: boolean;
}

/** The API verbs that Faro uses. Answers other than 2xx are thrown as ApiError, broken connections as `unreachable`. */
export interface KubeClient extends AsyncDisposable {
  readonly server: string;
  list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage>;
  /** Yields until the server ends the watch (returns), the connection breaks (throws) or the signal aborts (throws). */
  watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchFrame>;
  get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject>;
  /** A container's log as it arrives; consume or dispose it. */
  logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream>;
  /** Any GET, with whatever status it is answered: node files are read by ranges. */
  raw(
    path: string,
    options: { readonly headers?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<TransportResponse>;
  getJson(path: string, signal: AbortSignal, accept?: string): Promise<unknown>;
  postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
}

export function createClient(connection: Connection, options: { readonly clock: Clock }): KubeClient {
  return new HttpKubeClient(connection, options.clock);
}

/** The headers of a plain call must come within this; watches and logs may stay silent for ever. */
const ANSWER_TIMEOUT_MS = 60_000;
const MAX_RETRIES = 4;
/** An answer of a plain call beyond this is no answer that Faro asks for. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

class HttpKubeClient implements KubeClient {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #headers: Headers;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#transport = new Transport(connection, clock);
    this.#headers = { 'user-agent': `faro/${VERSION}`, ...impersonationHeaders(connection) };
  }

  get server(): string {
    return this.#connection.server.href.replace(/\/$/, '');
  }

  async list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage> {
    const query = new URLSearchParams(selectors(options));
    if (options.limit !== undefined) query.set('limit', String(options.limit));
    if (options.continue !== undefined) query.set('continue', options.continue);
    if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
    if (options.resourceVersionMatch !== undefined) query.set('resourceVersionMatch', options.resourceVersionMatch);
    const accept = options.metadataOnly === true ? metadataAs('PartialObjectMetadataList') : JSON_ACCEPT;
    return readList(await this.getJson(`${pathOf(type, options.namespace)}?${query}`, signal, accept), type);
  }

  async *watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchFrame> {
    const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', ...selectors(options) });
    if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
    if (options.timeoutSeconds !== undefined) query.set('timeoutSeconds', String(options.timeoutSeconds));
    if (options.sendInitialEvents === true) {
      query.set('sendInitialEvents', 'true');
      query.set('resourceVersionMatch', 'NotOlderThan');
    }
    const accept = options.metadataOnly === true ? metadataAs('PartialObjectMetadata') : JSON_ACCEPT;
    const response = await this.#stream(`${pathOf(type, options.namespace)}?${query}`, { accept }, 'api', signal);
    await using body = response.body;
    yield* readFrames(body, type);
  }

  async get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject> {
    const accept = options.metadataOnly === true ? metadataAs('PartialObjectMetadata') : JSON_ACCEPT;
    const path = `${pathOf(type, options.namespace)}/${encodeURIComponent(options.name)}`;
    const { items } = readList(
      { metadata: { resourceVersion: '' }, items: [await this.getJson(path, signal, accept)] },
      type,
    );
    const [object] = items;
    if (object === undefined) throw new FaroError('protocol', `${path} was answered with no object`);
    return object;
  }

  async logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream> {
    const { namespace, pod, container, follow, previous, sinceTime, tailLines, limitBytes } = options;
    const query = new URLSearchParams({ container, timestamps: 'true' });
    if (follow === true) query.set('follow', 'true');
    if (previous === true) query.set('previous', 'true');
    if (sinceTime !== undefined) query.set('sinceTime', sinceTime);
    if (tailLines !== undefined) query.set('tailLines', String(tailLines));
    if (limitBytes !== undefined) query.set('limitBytes', String(limitBytes));
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
    return (await this.#stream(path, {}, 'logs', signal)).body;
  }

  raw(
    path: string,
    options: { readonly headers?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<TransportResponse> {
    return this.#authorized({ method: 'GET', path, headers: options.headers ?? {}, lane: 'logs' }, signal);
  }

  async getJson(path: string, signal: AbortSignal, accept = JSON_ACCEPT): Promise<unknown> {
    return this.#call({ method: 'GET', path, headers: { accept, 'accept-encoding': 'gzip' }, lane: 'api' }, signal);
  }

  async postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const headers = { accept: JSON_ACCEPT, 'content-type': 'application/json' };
    return this.#call({ method: 'POST', path, headers, body: Buffer.from(JSON.stringify(body)), lane: 'api' }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  /** A plain call: bounded in time and size, tried again when the server asks for patience (429, 503 with Retry-After). */
  async #call(request: Request, signal: AbortSignal): Promise<unknown> {
    for (let tries = 0; ; tries += 1) {
      const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const either = AbortSignal.any([signal, timeout]);
      let error: ApiError;
      try {
        const response = await this.#authorized(request, either);
        const text = await readText(response);
        if (response.status < 300) return parseAnswer(text, request.path);
        error = errorFromBody(response.status, maybeJson(text), headerOf(response, 'retry-after'));
      } catch (cause) {
        signal.throwIfAborted();
        if (!timeout.aborted) throw cause;
        throw new FaroError(
          'unreachable',
          `${this.server} gave no answer to ${pathOnly(request.path)} within ${ANSWER_TIMEOUT_MS / 1000} s`,
          { cause },
        );
      }
      const mayRetry =
        (error.status === 429 || error.status === 503) && error.retryAfterMs !== undefined && tries < MAX_RETRIES;
      if (!mayRetry) throw error;
      await this.#clock.sleep(error.retryAfterMs ?? 0, signal);
    }
  }

  async #stream(
    path: string,
    headers: Record<string, string>,
    lane: Lane,
    signal: AbortSignal,
  ): Promise<TransportResponse> {
    const response = await this.#authorized({ method: 'GET', path, headers, lane }, signal);
    if (response.status < 300) return response;
    const text = await readText(response);
    throw errorFromBody(response.status, maybeJson(text), headerOf(response, 'retry-after'));
  }

  /** Sends it with the user's credentials; a 401 is answered once with new ones, if there are any. */
  async #authorized(request: Request, signal: AbortSignal): Promise<TransportResponse> {
    const { credentials: source } = this.#connection;
    for (let isRetry = false; ; isRetry = true) {
      const credentials = await source.get(signal);
      const authorization = credentials.token === undefined ? {} : { authorization: `Bearer ${credentials.token}` };
      const headers = { ...this.#headers, ...request.headers, ...authorization };
      const response = await this.#transport.request({ ...request, headers }, credentials, signal);
      if (response.status !== 401 || isRetry || !source.reject(credentials)) return response;
      await response.body[Symbol.asyncDispose]();
    }
  }
}

type Request = Parameters<Transport['request']>[0];

const JSON_ACCEPT = 'application/json';

function metadataAs(kind: string): string {
  return `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`;
}

/** The path of a type's collection. */
export function pathOf(type: ResourceType, namespace: string | null): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const place = namespace === null || !type.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${place}/${type.resource}`;
}

function selectors(options: Pick<ListOptions, 'name' | 'fieldSelector' | 'labelSelector'>): Record<string, string> {
  const { name, fieldSelector, labelSelector } = options;
  const fields = [name === undefined ? [] : `metadata.name=${name}`, fieldSelector ?? []].flat().join(',');
  return {
    ...(fields === '' ? {} : { fieldSelector: fields }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

function impersonationHeaders({ impersonate }: Connection): Headers {
  if (impersonate === null) return {};
  const { user, uid, groups, extra } = impersonate;
  const headers: Record<string, string | string[]> = { 'impersonate-user': user };
  if (uid !== undefined) headers['impersonate-uid'] = uid;
  if (groups.length > 0) headers['impersonate-group'] = [...groups];
  for (const [key, values] of Object.entries(extra))
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
  return headers;
}

async function readText(response: TransportResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const isGzip = headerOf(response, 'content-encoding') === 'gzip';
  const source = isGzip ? gunzipped(response.body) : response.body;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw new FaroError('protocol', `an answer was larger than ${MAX_JSON_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function gunzipped(body: ByteStream): AsyncIterable<Buffer> {
  // The error reaches the reader through the gunzip stream; pipeline's own callback has nothing to add.
  return pipeline(Readable.from(body), createGunzip(), () => undefined);
}

function headerOf(response: TransportResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function parseAnswer(text: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const hint = 'is there a proxy or login page in between?';
    throw new FaroError('protocol', `${pathOnly(path)} was not answered with JSON: ${messageOf(cause)}`, {
      hint,
      cause,
    });
  }
}

function maybeJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // an error page: its status says enough
  }
}

function pathOnly(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
