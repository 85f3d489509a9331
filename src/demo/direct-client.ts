import type {
  ByteStream,
  GetOptions,
  KubeClient,
  ListOptions,
  ListPage,
  LogOptions,
  RawResponse,
  WatchFrame,
  WatchOptions,
} from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { logPath } from '../kube/paths.ts';
import { type ClockSkew, ServerClock } from '../kube/server-clock.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { Api } from './api.ts';
import { DirectCall } from './direct-call.ts';
import { directWatch, matches, shown } from './direct-watch.ts';
import { discovery } from './discovery.ts';
import { answerLog, answerProxiedLog, type LogAnswer } from './log-answer.ts';
import { proxied, proxyPath } from './node-proxy.ts';
import { isServed } from './types.ts';

/**
 * A client of the simulated cluster in the same process, without a wire: so that a whole recording runs on simulated
 * time. It takes the same faults as the server.
 */
export class DirectClient implements KubeClient {
  readonly #api: Api;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #serverClock = new ServerClock();
  readonly server = 'simulated://in-process';

  /** @param clock the client's own, where it is another than the server's */
  constructor(api: Api, clock: Pick<Clock, 'now'> = api.clock) {
    this.#api = api;
    this.#clock = clock;
  }

  get clockSkew(): ClockSkew | undefined {
    return this.#serverClock.skew;
  }

  async list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage> {
    await this.#call('list', type, signal);
    const { store } = this.#api;
    const { resourceVersion: at, resourceVersionMatch, metadataOnly } = options;
    const resourceVersion = resourceVersionMatch === 'Exact' && at !== undefined ? at : store.resourceVersion;
    const objects = store.listAt(type, options.namespace, Number(resourceVersion));
    if (objects === undefined) throw new ApiError(410, 'too old resource version', { reason: 'Expired' });
    const items = objects.filter((object) => matches(object, options)).map((object) => shown(object, metadataOnly));
    return { items, resourceVersion, continue: undefined };
  }

  async get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject> {
    await this.#call('get', type, signal);
    const object = this.#api.store.get(type, options.namespace, options.name);
    if (object === undefined)
      throw new ApiError(404, `${groupResourceOf(type)} "${options.name}" not found`, { reason: 'NotFound' });
    return shown(object, options.metadataOnly);
  }

  async *watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchFrame> {
    const sentAt = this.#clock.now();
    using call = await this.#call('watch', type, signal);
    const date = new Date(this.#api.clock.now()).toUTCString();
    this.#serverClock.heard(date, { sentAt, heardAt: this.#clock.now() });
    // As the server does it that is simulated, though there is no wire.
    options.onOpen?.({ isCompressed: options.sendInitialEvents === true });
    yield* call.frames(directWatch(this.#api, { type, options }, call.signal));
  }

  async logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream> {
    const { namespace, pod: name, container, follow = false, previous = false, sinceTime, tailLines, node } = options;
    const request = { container, follow, previous, sinceTime, tailLines };
    if (node !== undefined) {
      const path = logPath(options);
      const call = await DirectCall.open(this.#api, { verb: 'log', resource: 'nodes', path }, signal);
      return logBody(call, answerProxiedLog(this.#api, { ...request, node, namespace, pod: name }, call.signal));
    }
    const pods = this.#api.types.find((type) => groupResourceOf(type) === 'pods');
    const call = await this.#call('log', pods, signal);
    const pod = pods === undefined ? undefined : this.#api.store.get(pods, namespace, name);
    if (pod === undefined) throw new ApiError(404, `pods "${name}" not found`, { reason: 'NotFound' });
    return logBody(call, answerLog(this.#api, pod, request, call.signal));
  }

  async raw(
    path: string,
    { headers = {} }: { readonly headers?: Readonly<Record<string, string | readonly string[]>> },
    signal: AbortSignal,
  ): Promise<RawResponse> {
    const call = await DirectCall.open(this.#api, { verb: 'files', resource: 'nodes', path }, signal);
    const to = proxyPath(path);
    if (to === undefined) throw new ApiError(404, `${path} not found`, { reason: 'NotFound' });
    const [range] = [headers.range ?? []].flat();
    const answer = proxied(this.#api.nodes, { ...to, method: 'GET', range });
    const length = { 'content-length': String(answer.body.length) };
    return {
      status: answer.status,
      headers: { ...answer.headers, ...length },
      body: call.stream(inChunks(answer.body)),
    };
  }

  async getJson(path: string, signal: AbortSignal, accept = ''): Promise<unknown> {
    const toNode = proxyPath(path);
    using _call = await DirectCall.open(this.#api, { verb: 'other', resource: '', path }, signal);
    if (toNode !== undefined) {
      const { status, body } = proxied(this.#api.nodes, { ...toNode, method: 'GET', range: undefined });
      if (status !== 200) throw new ApiError(status, body.toString());
      return JSON.parse(body.toString());
    }
    const found = discovery(this.#api.types, path, accept);
    if (found === undefined) throw new ApiError(404, `${path} not found`, { reason: 'NotFound' });
    return found;
  }

  async postJson(path: string, _body: unknown, signal: AbortSignal): Promise<unknown> {
    using _call = await DirectCall.open(this.#api, { verb: 'other', resource: '', path }, signal);
    return { status: { allowed: true } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** Opens a call that goes to a type's storage; refused where the server does not serve the type. */
  async #call(verb: string, type: ResourceType | undefined, signal: AbortSignal): Promise<DirectCall> {
    const call = await DirectCall.open(this.#api, { verb, resource: type?.resource ?? '', path: '' }, signal);
    if (isServed(this.#api.types, type)) return call;
    call[Symbol.dispose]();
    throw new ApiError(404, 'the server could not find the requested resource', { reason: 'NotFound' });
  }
}

function logBody(call: DirectCall, answer: LogAnswer): ByteStream {
  if (answer.type === 'bytes') return call.stream(answer.bytes);
  throw new ApiError(answer.status, answer.message, { reason: answer.reason });
}

/** A body comes in pieces, as over a wire. */
async function* inChunks(body: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < body.length; from += 32_768) yield body.subarray(from, from + 32_768);
}
