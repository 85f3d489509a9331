import { proxyPath } from './node-proxy.ts';

/** A request as a fault sees it. */
export interface FaultRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** `watch`, `list`, `get`, `log`, `files` (through the API server to a node) or `other`. */
  readonly verb: string;
  /** Plural name of the type in the path; empty where there is none. */
  readonly resource: string;
}

/** What goes wrong with an answer. */
export type Fault =
  | { readonly type: 'status'; readonly status: number; readonly reason: string; readonly retryAfter?: number }
  /** A Status within a watch's stream, after an HTTP 200. */
  | { readonly type: 'watchError'; readonly status: number; readonly reason: string }
  /** The connection breaks after that many bytes of the body. */
  | { readonly type: 'cut'; readonly afterBytes: number }
  /** The stream ends, cleanly, after that many bytes. */
  | { readonly type: 'end'; readonly afterBytes: number }
  /** Nothing more comes after that many bytes, and the stream stays open. */
  | { readonly type: 'stall'; readonly afterBytes: number }
  | { readonly type: 'delay'; readonly ms: number }
  /** Each frame of a watch comes so long after the one before, at the soonest: the watch lags behind. */
  | { readonly type: 'lag'; readonly ms: number }
  | { readonly type: 'body'; readonly contentType: string; readonly text: string };

interface Planned {
  readonly when: (request: FaultRequest) => boolean;
  readonly fault: Fault;
  times: number;
}

/** The faults that are planned; each strikes the first requests that it fits. */
export class Faults {
  readonly #planned: Planned[] = [];
  #struck = 0;

  /** How many requests were struck so far. */
  get struck(): number {
    return this.#struck;
  }

  add(when: (request: FaultRequest) => boolean, fault: Fault, times = 1): void {
    this.#planned.push({ when, fault, times });
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** The fault that strikes a request, if any. */
  take(request: FaultRequest): Fault | undefined {
    const planned = this.#planned.find(({ when, times }) => times > 0 && when(request));
    if (planned === undefined) return undefined;
    planned.times -= 1;
    this.#struck += 1;
    const { fault } = planned;
    return fault.type === 'end' && isPassedOn(request) ? { ...fault, type: 'cut' } : fault;
  }
}

/** What the API server passes on from a kubelet never just ends early: it breaks such a log off. */
function isPassedOn({ verb, path }: FaultRequest): boolean {
  return verb === 'log' && proxyPath(path) !== undefined;
}
