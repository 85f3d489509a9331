import type { ByteStream, WatchFrame } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { aborted } from '../model/aborted.ts';
import { FaroError } from '../model/errors.ts';
import type { Clock } from '../model/time.ts';
import type { Api } from './api.ts';
import type { Fault, FaultRequest } from './faults.ts';

/** Every call takes a moment. */
const LATENCY_MS = 2;
/** A watch's frame counts as so many bytes, for faults that strike within its stream. */
const FRAME_BYTES = 1000;

/** One call of the client in the process, from its first moment to the end of what it carries, with its fault. */
export class DirectCall implements Disposable {
  readonly #clock: Clock;
  readonly #client: AbortSignal;
  readonly #connections: AbortSignal;
  readonly #fault: Fault | undefined;
  #over: AbortController | undefined;
  #hasLeft = false;

  private constructor(api: Api, client: AbortSignal, fault: Fault | undefined) {
    const { connections } = api.server;
    this.#clock = api.clock;
    this.#client = client;
    this.#connections = connections;
    this.#fault = fault;
  }

  /** Aborts when the call is over, for whatever reason. Most calls are over at once, and nobody waits for their end. */
  get signal(): AbortSignal {
    this.#over ??= this.#whenOver();
    return this.#over.signal;
  }

  /** Throws where the server cannot be reached, or a fault refuses the call. */
  static async open(
    api: Api,
    request: Pick<FaultRequest, 'verb' | 'resource' | 'path'>,
    signal: AbortSignal,
  ): Promise<DirectCall> {
    signal.throwIfAborted();
    await api.clock.sleep(LATENCY_MS, signal);
    const fault = api.faults.take({ ...request, query: NO_QUERY });
    if (fault?.type === 'delay') await api.clock.sleep(fault.ms, signal);
    if (!api.server.isUp) throw new FaroError('unreachable', 'connect ECONNREFUSED (simulated)');
    if (fault?.type === 'status')
      throw new ApiError(fault.status, 'a planned fault', {
        reason: fault.reason,
        retryAfterMs: fault.retryAfter === undefined ? undefined : fault.retryAfter * 1000,
      });
    return new DirectCall(api, signal, fault);
  }

  [Symbol.dispose](): void {
    this.#hasLeft = true;
    this.#over?.abort(LEFT);
  }

  /** By hand: AbortSignal.any, made and forgotten for each call, was a tenth of what a schedule takes. */
  #whenOver(): AbortController {
    const over = new AbortController();
    const sources = [this.#client, this.#connections];
    const end = () => {
      for (const source of sources) source.removeEventListener('abort', end);
      over.abort(LEFT);
    };
    if (this.#hasLeft || sources.some(({ aborted }) => aborted)) over.abort(LEFT);
    else for (const source of [...sources, over.signal]) source.addEventListener('abort', end, { once: true });
    return over;
  }

  /** Passes a watch's frames on until the fault strikes. */
  async *frames(source: AsyncIterable<WatchFrame>): AsyncGenerator<WatchFrame> {
    const fault = this.#fault;
    if (fault?.type === 'watchError') {
      yield { type: 'ERROR', error: new ApiError(fault.status, 'a planned fault', { reason: fault.reason }) };
      return;
    }
    let left = Math.floor(this.#limit() / FRAME_BYTES);
    for await (const frame of source) {
      if (left === 0 && (await this.#strike())) return;
      left -= 1;
      if (fault?.type === 'lag') await this.#clock.sleep(fault.ms, this.signal);
      yield frame;
    }
    this.#throwIfBroken();
  }

  /** The body of an answer, until the fault strikes; disposing it ends the call. */
  stream(source: AsyncIterable<Buffer>): ByteStream {
    const iterator = this.#bytes(source);
    return {
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => {
        this[Symbol.dispose]();
        await iterator.return(undefined);
      },
    };
  }

  async *#bytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = this.#limit();
    for await (const chunk of source) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield part;
      if (left === 0 && (await this.#strike())) return;
    }
    this.#throwIfBroken();
  }

  #limit(): number {
    return this.#fault !== undefined && 'afterBytes' in this.#fault ? this.#fault.afterBytes : Number.POSITIVE_INFINITY;
  }

  /** True where the stream ends as if all were well. */
  async #strike(): Promise<boolean> {
    if (this.#fault?.type === 'cut') throw new FaroError('unreachable', 'the connection broke (simulated)');
    if (this.#fault?.type === 'stall') await aborted(this.signal);
    this.#throwIfBroken();
    return true;
  }

  #throwIfBroken(): void {
    this.#client.throwIfAborted();
    if (this.#connections.aborted) throw new FaroError('unreachable', 'the connection broke (simulated)');
  }
}

/** Of a call that came to its end; one for all, for each would cost a stack trace. */
const LEFT = new Error('the call is over');
const NO_QUERY = new URLSearchParams();
