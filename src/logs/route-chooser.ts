import type { NodeRoute } from '../kube/node-routes.ts';
import { nodeOf } from '../kube/node-settings.ts';
import type { LogRoute } from '../model/record.ts';
import type { KubeObject } from '../model/resource.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import type { InstanceLife } from './life.ts';
import type { LogLimits, LogSink } from './sink.ts';

/** `--log-route`. */
export type LogRouteChoice = 'auto' | LogRoute;

export interface RouteChooserOptions {
  /** `auto`: the node's files where they can be read, with streams beside them; else what must serve alone. */
  readonly route: LogRouteChoice;
  readonly limits: LogLimits;
  /** Whether a scheduled pod's node lets its log files be read; never rejects. */
  readonly routeOf: (pod: KubeObject) => Promise<NodeRoute>;
  readonly sink: Pick<LogSink, 'append'>;
  readonly clock: Clock;
  /** Says something to whoever runs the recorder; what was asked for in vain is a warning. */
  readonly say: (text: string, level: 'info' | 'warn') => void;
}

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5000;
/** Where it serves, the node is asked again as often. */
const MAX_RETURN_MS = 30_000;
/** So long a node that could not be asked is waited for, where the pod log API can serve instead. */
const PATIENCE_MS = 3000;

/** A node's files. */
export type FilesRoute = NodeRoute & { readonly type: 'node-files' };

/** Chooses by which way the log of each container run comes. */
export class RouteChooser {
  readonly #options: RouteChooserOptions;
  readonly #signal: AbortSignal;
  readonly #stated = new Set<string>();
  readonly #returns = new Map<string, Promise<FilesRoute>>();

  /** @param signal ends what is asked for all logs of a node, whichever of them asked first */
  constructor(options: RouteChooserOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** The files of the pod's node, or why they cannot be read; undefined where the pod log API was chosen. */
  async choose(pod: KubeObject, life: InstanceLife, signal: AbortSignal): Promise<NodeRoute | undefined> {
    const { route: choice, limits, routeOf, clock } = this.#options;
    // Only the stream can begin in the middle of a log.
    if (choice === 'stream' || limits.tailLines !== undefined || limits.since !== undefined) return undefined;
    const askedAt = clock.now();
    let route = await routeOf(pod);
    for (let ms = FIRST_RETRY_MS; route.type === 'refused' && route.isPassing; ms = Math.min(MAX_RETRY_MS, ms * 2)) {
      const isPatient = choice === 'auto' ? clock.now() - askedAt < PATIENCE_MS : life.reach !== 'gone';
      if (!isPatient || life.isLastCall) break;
      await life.changedWithin(ms, clock, signal);
      route = await routeOf(pod);
    }
    this.#state(route);
    return route;
  }

  /**
   * Resolves when a node that could not be asked lets its files be read; never where it refuses. It is asked once for all
   * its pods. Rejects when the chooser's signal aborts.
   */
  returned(pod: KubeObject): Promise<FilesRoute> {
    const node = nodeOf(pod) ?? '';
    const known = this.#returns.get(node);
    if (known !== undefined) return known;
    const returned = this.#askAgain(pod).finally(() => this.#returns.delete(node));
    this.#returns.set(node, returned);
    return returned;
  }

  async #askAgain(pod: KubeObject): Promise<FilesRoute> {
    const { clock, routeOf } = this.#options;
    for (let ms = MAX_RETRY_MS; ; ms = Math.min(MAX_RETURN_MS, ms * 2)) {
      await clock.sleep(ms, this.#signal);
      const route = await routeOf(pod);
      if (route.type === 'node-files') return route;
      if (!route.isPassing) return await new Promise(() => undefined);
    }
  }

  /** Says once for each node that refuses, and once for those that do not, which way the lines come. */
  #state(route: NodeRoute): void {
    const { route: choice, sink, clock, say } = this.#options;
    const beside = choice === 'auto' ? ', with the pod log API beside them' : '';
    const instead =
      choice === 'auto'
        ? 'the logs of its pods come from the pod log API, where a rotation can lose lines'
        : 'none is read';
    const wayOut = route.type === 'node-files' ? undefined : route.wayOut;
    const text =
      route.type === 'node-files'
        ? `logs come from the nodes' log files, through ${route.files.through}${beside}: every line that a file still holds`
        : `node ${route.node} does not let its log files be read (${route.reason}): ${[instead, wayOut ?? []].flat().join('; ')}`;
    if (this.#stated.has(text)) return;
    this.#stated.add(text);
    const isInVain = route.type === 'refused' && (choice === 'node-files' || wayOut !== undefined);
    say(text, isInVain ? 'warn' : 'info');
    sink.append({ kind: 'note', observed: timestampOf(clock.now()), text });
  }
}
