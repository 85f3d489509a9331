import type {
  ByteStream,
  GetOptions,
  KubeClient,
  ListOptions,
  ListPage,
  LogOptions,
  WatchFrame,
  WatchOptions,
} from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { FaroError } from '../model/errors.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import { type Api, presented } from './api.ts';
import { discovery } from './discovery.ts';
import type { Fault } from './faults.ts';
import { matchesFields } from './store.ts';

/**
 * A client of the simulated cluster in the same process, without a wire: so that a whole recording runs on simulated
 * time. It takes the same faults as the server.
 */
export class DirectClient implements KubeClient {
  readonly #api: Api;
  readonly server = 'simulated://in-process';

  constructor(api: Api) {
    this.#api = api;
  }

  async list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage> {
    await this.#enter('list', type.resource, signal);
    const items = this.#selected(type, options).map((object) => shown(object, options.metadataOnly));
    return { items, resourceVersion: this.#api.store.resourceVersion, continue: undefined };
  }

  async get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject> {
    await this.#enter('get', type.resource, signal);
    const object = this.#api.store.get(type, options.namespace, options.name);
    if (object === undefined)
      throw new ApiError(404, `${groupResourceOf(type)} "${options.name}" not found`, { reason: 'NotFound' });
    return shown(object, options.metadataOnly);
  }

  async *watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchFrame> {
    const { store, clock } = this.#api;
    const fault = await this.#enter('watch', type.resource, signal);
    const over = new AbortController();
    const ending = AbortSignal.any([signal, over.signal]);
    void clock.sleep((options.timeoutSeconds ?? 3600) * 1000, ending).then(
      () => over.abort(),
      () => undefined,
    ); // the client left first
    let position = Number(
      options.sendInitialEvents === true ? store.resourceVersion : (options.resourceVersion ?? store.resourceVersion),
    );
    if (options.sendInitialEvents === true) {
      for (const object of this.#selected(type, options))
        yield { type: 'ADDED', object: shown(object, options.metadataOnly) };
      yield { type: 'BOOKMARK', resourceVersion: String(position), initialEventsEnd: true };
    }
    for (let frames = 0; !ending.aborted; frames += 1) {
      strike(fault, frames);
      if (fault?.type === 'stall')
        await new Promise((_, reject) => ending.addEventListener('abort', () => reject(ending.reason), { once: true }));
      const changes = store.since(type, position);
      if (changes === undefined) throw new ApiError(410, 'too old resource version', { reason: 'Expired' });
      for (const change of changes) {
        position = change.resourceVersion;
        if (this.#matches(change.object, options))
          yield { type: change.type, object: shown(change.object, options.metadataOnly) };
      }
      if (store.since(type, position)?.length === 0) yield* this.#quiet(position, ending);
    }
    signal.throwIfAborted();
    over.abort();
  }

  async logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream> {
    const { namespace, pod: name, container, previous = false, sinceTime, tailLines } = options;
    const fault = await this.#enter('log', 'pods', signal);
    const pods = this.#api.types.find((type) => groupResourceOf(type) === 'pods');
    const pod = pods === undefined ? undefined : this.#api.store.get(pods, namespace, name);
    if (pod === undefined) throw new ApiError(404, `pods "${name}" not found`, { reason: 'NotFound' });
    const log = this.#api.log(pod.metadata.uid, container, previous);
    if (log === undefined)
      throw new ApiError(400, `container "${container}" is waiting to start`, { reason: 'BadRequest' });
    async function* bytes(): AsyncGenerator<Buffer> {
      let next = log?.startOf({ sinceTime, tailLines }) ?? 0;
      for (let chunks = 0; log !== undefined; chunks += 1) {
        strike(fault, chunks);
        if (fault?.type === 'end' && chunks > 0) return;
        const isEnded = log.isEnded;
        if (log.length > next) yield log.bytesFrom(next);
        next = log.length;
        if (isEnded || options.follow !== true) return;
        await log.changed(signal);
        signal.throwIfAborted();
      }
    }
    const iterator = bytes();
    return {
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => void (await iterator.return(undefined)),
    };
  }

  async getJson(path: string, signal: AbortSignal, accept = ''): Promise<unknown> {
    await this.#enter('other', '', signal);
    if (path.endsWith('/proxy/configz')) return { kubeletconfig: { containerLogMaxSize: '10Mi' } };
    const found = discovery(this.#api.types, path, accept);
    if (found === undefined) throw new ApiError(404, `${path} not found`, { reason: 'NotFound' });
    return found;
  }

  raw(): Promise<never> {
    return Promise.reject(new ApiError(404, 'the simulated kubelet serves no files', { reason: 'NotFound' }));
  }

  postJson(): Promise<unknown> {
    return Promise.resolve({ status: { allowed: true } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** Every call takes a moment, and may be struck by a fault. */
  async #enter(verb: string, resource: string, signal: AbortSignal): Promise<Fault | undefined> {
    signal.throwIfAborted();
    await this.#api.clock.sleep(2, signal);
    const fault = this.#api.faults.take({ path: '', query: new URLSearchParams(), verb, resource });
    if (fault?.type === 'delay') await this.#api.clock.sleep(fault.ms, signal);
    if (fault?.type === 'status' || fault?.type === 'watchError')
      throw new ApiError(fault.status, 'a planned fault', { reason: fault.reason });
    return fault;
  }

  /** Waits for the next change, and tells every minute that the watch is alive. */
  async *#quiet(position: number, ending: AbortSignal): AsyncGenerator<WatchFrame> {
    const changed = new AbortController();
    const either = AbortSignal.any([ending, changed.signal]);
    const isQuiet = await Promise.race([
      this.#api.store.changed(either).then(() => false),
      this.#api.clock.sleep(60_000, either).then(
        () => true,
        () => false,
      ), // a change came first
    ]);
    changed.abort();
    if (isQuiet) yield { type: 'BOOKMARK', resourceVersion: String(position), initialEventsEnd: false };
  }

  #selected(type: ResourceType, options: ListOptions | WatchOptions): readonly KubeObject[] {
    return this.#api.store.list(type, options.namespace).filter((object) => this.#matches(object, options));
  }

  #matches(object: KubeObject, { namespace, name, fieldSelector }: ListOptions | WatchOptions): boolean {
    const isThere = namespace === null || object.metadata.namespace === namespace;
    return (
      isThere && (name === undefined || object.metadata.name === name) && matchesFields(object, fieldSelector ?? null)
    );
  }
}

/** A connection that breaks does so after some of what it carries has come. */
function strike(fault: Fault | undefined, pieces: number): void {
  if (fault?.type === 'cut' && pieces > 0) throw new FaroError('unreachable', 'the connection broke');
}

function shown(object: KubeObject, metadataOnly = false): KubeObject {
  if (!metadataOnly) return object;
  const { apiVersion, kind } = object;
  return { ...(presented(object, 'as=PartialObjectMetadata') as KubeObject), apiVersion, kind };
}
