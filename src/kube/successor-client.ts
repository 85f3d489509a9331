import { FaroError } from '../model/errors.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type {
  ByteStream,
  GetOptions,
  KubeClient,
  ListOptions,
  ListPage,
  LogOptions,
  RawOptions,
  RawResponse,
  WatchFrame,
  WatchOptions,
} from './client.ts';
import { type Discovery, discover, preferredType } from './discovery.ts';
import { ApiError } from './error.ts';
import type { ClockSkew } from './server-clock.ts';

/**
 * A client that goes on in another version where the one of a type is not served any more, as after an upgrade. Versions
 * of one resource share their objects and resourceVersions, so that nothing is lost between the two.
 */
export class SuccessorClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  /** By resource, where it is another than was asked for. */
  readonly #successors = new Map<string, ResourceType>();
  #asking: Promise<Discovery | undefined> | undefined;

  /** `say` is told of each version that takes the place of another one. */
  constructor(client: KubeClient, say: (text: string) => void, signal: AbortSignal) {
    this.#client = client;
    this.#say = say;
    this.#signal = signal;
  }

  get server(): string {
    return this.#client.server;
  }

  get clockSkew(): ClockSkew | undefined {
    return this.#client.clockSkew;
  }

  async list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ListPage> {
    const served = this.#servedAs(type);
    try {
      return await this.#client.list(served, options, signal);
    } catch (error) {
      return this.#client.list(await this.#successorOf(served, error), options, signal);
    }
  }

  async *watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchFrame> {
    const served = this.#servedAs(type);
    try {
      yield* this.#client.watch(served, options, signal);
    } catch (error) {
      yield* this.#client.watch(await this.#successorOf(served, error), options, signal);
    }
  }

  /** What is not there is no sign that its type is not served. */
  get(type: ResourceType, options: GetOptions, signal: AbortSignal): Promise<KubeObject> {
    return this.#client.get(this.#servedAs(type), options, signal);
  }

  logs(options: LogOptions, signal: AbortSignal): Promise<ByteStream> {
    return this.#client.logs(options, signal);
  }

  raw(path: string, options: RawOptions, signal: AbortSignal): Promise<RawResponse> {
    return this.#client.raw(path, options, signal);
  }

  getJson(path: string, signal: AbortSignal, accept?: string): Promise<unknown> {
    return this.#client.getJson(path, signal, accept);
  }

  postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#client.postJson(path, body, signal);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#client[Symbol.asyncDispose]();
  }

  #servedAs(type: ResourceType): ResourceType {
    return this.#successors.get(groupResourceOf(type)) ?? type;
  }

  /** Throws the error itself where it says anything else, or where no other version is served. */
  async #successorOf(type: ResourceType, error: unknown): Promise<ResourceType> {
    if (!(error instanceof ApiError) || error.code !== 'not-found') throw error;
    const discovery = await this.#discovery();
    const next = discovery && preferredType(discovery, type.group, type.resource);
    const isServed = discovery?.types.some(
      ({ group, version, resource }) => group === type.group && version === type.version && resource === type.resource,
    );
    if (next === undefined || isServed === true) throw error;
    const storage = groupResourceOf(type);
    if (this.#servedAs(type).version !== next.version)
      this.#say(`${storage} is read as ${next.version} from here on: ${type.version} is not served any more`);
    this.#successors.set(storage, next);
    return next;
  }

  /** Many watches find at once that their types are gone; undefined where the server cannot say what it serves. */
  #discovery(): Promise<Discovery | undefined> {
    this.#asking ??= discover(this.#client, this.#signal)
      .catch((error: unknown) => {
        if (error instanceof FaroError || this.#signal.aborted) return undefined;
        throw error;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
