import { FaroError } from '../model/errors.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import {
  isGzip,
  isProtobuf,
  nameOf,
  plainFrames,
  readJson,
  readPlacements,
  readRefusal,
  requireJson,
} from './answer.ts';
import type { Connection } from './connection.ts';
import type { ApiError } from './error.ts';
import { gathered } from './gathered.ts';
import { type ClientLimits, DEFAULT_LIMITS } from './limits.ts';
import { objectReader, readList } from './list.ts';
import { PROTOBUF } from './metadata-protobuf.ts';
import { listPath, logPath, pathOf, watchPath } from './paths.ts';
import { plainCall } from './plain-call.ts';
import { Sender } from './sender.ts';
import { type ClockSkew, ServerClock } from './server-clock.ts';
import { type ByteStream, type Headers, type HttpRequest, type HttpResponse, headerOf } from './transport/http.ts';
import { readFrames } from './watch-frames.ts';

export type { ByteStream } from './transport/http.ts';

/** Which objects of a type are asked for, and what of them. */
export interface Selection {
  /** null: the whole cluster. */
  readonly namespace: string | null;
  /** Only the object of this name (a field selector, which narrow permissions allow). */
  readonly name?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  /** Of the metadata only what places an object: its names and its owners. Comes as protobuf, where the server has that. */
  readonly placementOnly?: boolean;
}

export interface ListOptions extends Selection {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
  /** How many objects come after this page, about; a server may leave it out, and does where a selector is given. */
  readonly remaining?: number;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion?: string;
  /** A streaming list: the objects that exist come first, ended by a bookmark. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
  /** The server took the watch. That does not prove that it can serve it: a history that is gone is told in the stream. */
  readonly onOpen?: (answer: WatchAnswer) => void;
}

/** What is known of a watch when the server has taken it. */
export interface WatchAnswer {
  readonly isCompressed: boolean;
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
  /**
   * Asks this node's kubelet through its proxy, which takes `get nodes/proxy`. Where the way to the kubelet breaks, the API
   * server breaks such an answer off, while it ends one of the pod log API as if all had come.
   */
  readonly node?: string;
}

export interface GetOptions {
  readonly namespace: string | null;
  readonly name: string;
  readonly metadataOnly?: boolean;
}

export interface RawOptions {
  readonly headers?: Headers;
  /** The longest silence in milliseconds; undefined: it may be silent for ever. */
  readonly maxSilenceMs?: number;
  /** The answer is small, and needs no connection of its own. */
  readonly isSmall?: boolean;
}

/** An answer as it came, whatever its status. */
export type RawResponse = HttpResponse;

/**
 * The API verbs that Faro uses. Answers other than 2xx are thrown as ApiError; broken connections as FaroError
 * `unreachable`; what no API server says as FaroError `protocol`. An abort ends a call at once, with its reason.
 */
export interface KubeClient extends AsyncDisposable {
  /** The server's URL, for people. */
  readonly server: string;
  /** By how much this machine's clock is ahead of the server's, as its answers to watches tell. */
  readonly clockSkew: ClockSkew | undefined;
  /** One page of a list; of all where no limit is given. */
  list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage>;
  /** Yields until the server ends the watch (returns), the connection breaks (throws) or the signal aborts (throws). */
  watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchFrame>;
  get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject>;
  /** A container's log as it arrives; consume or dispose it. Of a silent container, it resolves at the first line. */
  logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream>;
  /** Any GET, with whatever status it is answered: node files are read by ranges. Consume or dispose the body. */
  raw(path: string, options: RawOptions, signal: AbortSignal): Promise<RawResponse>;
  getJson(path: string, signal: AbortSignal, accept?: string): Promise<unknown>;
  postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
}

export interface ClientOptions {
  /** For the patience that a server asks for; what measures the network goes by the machine's timers. */
  readonly clock: Clock;
  readonly limits?: Partial<ClientLimits>;
}

/** Connects at the first call; dispose it to close every connection. */
export function createClient(connection: Connection, { clock, limits }: ClientOptions): KubeClient {
  return new HttpKubeClient(connection, clock, { ...DEFAULT_LIMITS, ...limits });
}

const JSON_ACCEPT = 'application/json';

class HttpKubeClient implements KubeClient {
  readonly #clock: Clock;
  readonly #limits: ClientLimits;
  readonly #sender: Sender;
  readonly #serverClock = new ServerClock();

  constructor(connection: Connection, clock: Clock, limits: ClientLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#sender = new Sender(connection, clock, limits);
  }

  get server(): string {
    return this.#sender.server;
  }

  get clockSkew(): ClockSkew | undefined {
    return this.#serverClock.skew;
  }

  async list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage> {
    const headers = { accept: acceptFor(options, 'PartialObjectMetadataList'), 'accept-encoding': 'gzip' };
    const request = { method: 'GET', path: listPath(type, options), headers, lane: 'api' } as const;
    const read = options.placementOnly === true ? readPlacements : readJson;
    return readList(await this.#call(request, signal, read), type);
  }

  async *watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchFrame> {
    const headers = { accept: acceptFor(options, 'PartialObjectMetadata'), 'accept-encoding': 'gzip' };
    const request = { method: 'GET', path: watchPath(type, options), headers, lane: 'api' } as const;
    const sentAt = this.#clock.now();
    const response = await this.#stream(request, signal);
    await using _body = response.body;
    // Of other groups another server may have answered, by way of this one.
    if (type.group === '') this.#serverClock.heard(headerOf(response, 'date'), { sentAt, heardAt: this.#clock.now() });
    const format = isProtobuf(response) ? 'protobuf' : 'json';
    if (format === 'json') requireJson(response, nameOf(request));
    options.onOpen?.({ isCompressed: isGzip(response) });
    yield* readFrames(plainFrames(response, nameOf(request)), { type, format, maxBytes: this.#limits.frameBytes });
  }

  async get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject> {
    const path = `${pathOf(type, options.namespace)}/${encodeURIComponent(options.name)}`;
    return objectReader(type)(await this.getJson(path, signal, acceptFor(options, 'PartialObjectMetadata')));
  }

  async logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream> {
    const request = { method: 'GET', path: logPath(options), headers: {}, lane: 'logs' } as const;
    return gathered((await this.#stream(request, signal)).body);
  }

  raw(
    path: string,
    { headers = {}, isSmall = false, ...limits }: RawOptions,
    signal: AbortSignal,
  ): Promise<RawResponse> {
    const lane = isSmall ? 'api' : 'files';
    return this.#sender.send({ method: 'GET', path, headers, lane, ...limits }, signal);
  }

  getJson(path: string, signal: AbortSignal, accept = JSON_ACCEPT): Promise<unknown> {
    return this.#call({ method: 'GET', path, headers: { accept, 'accept-encoding': 'gzip' }, lane: 'api' }, signal);
  }

  postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const headers = { accept: JSON_ACCEPT, 'content-type': JSON_ACCEPT };
    return this.#call({ method: 'POST', path, headers, body: Buffer.from(JSON.stringify(body)), lane: 'api' }, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sender[Symbol.asyncDispose]();
  }

  #call(request: HttpRequest, signal: AbortSignal, read = readJson): Promise<unknown> {
    return plainCall(request, { sender: this.#sender, clock: this.#clock, limits: this.#limits, read }, signal);
  }

  /** A call whose answer goes on for as long as the server likes; a refusal is read and thrown. */
  async #stream(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const tooSlow = new AbortController();
    const response = await this.#sender.send(request, AbortSignal.any([signal, tooSlow.signal]));
    if (response.status < 300) return response;
    await using _body = response.body;
    const { silenceMs } = this.#limits;
    const what = `${nameOf(request)} was refused (${response.status}), and no reason came within ${silenceMs / 1000} s`;
    const giveUp = () => tooSlow.abort(new FaroError('unreachable', what));
    AbortSignal.timeout(silenceMs).addEventListener('abort', giveUp, { once: true });
    throw await readRefusal(response, request);
  }
}

/** What is asked for first, and what will do: a server, or what stands before it, may know JSON alone. */
function acceptFor(
  { metadataOnly, placementOnly }: { readonly metadataOnly?: boolean; readonly placementOnly?: boolean },
  kind: string,
): string {
  const as = `as=${kind};v=v1;g=meta.k8s.io`;
  if (placementOnly === true) return `${PROTOBUF};${as},${JSON_ACCEPT};${as},${JSON_ACCEPT}`;
  return metadataOnly === true ? `${JSON_ACCEPT};${as},${JSON_ACCEPT}` : JSON_ACCEPT;
}
