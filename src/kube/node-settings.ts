import { path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { KubeClient } from './client.ts';
import { isRefusal } from './error.ts';

/** How a node rotates log files, as far as its kubelet's configuration tells. */
export interface LogRotation {
  /** Size in bytes at which a file is rotated. */
  readonly maxBytes?: number;
  /** Files of one run, the one that is written to included. */
  readonly maxFiles?: number;
  /** The files are looked at as often. */
  readonly intervalMs?: number;
}

/**
 * How nodes rotate log files, read from the kubelet's configuration (`configz`) where the user may: it takes
 * `nodes/proxy`, which is never asked for. A node that refuses is asked once, one that does not answer again with the
 * next state of a pod on it, and where its settings are needed; what stays unknown only makes the story say less.
 */
export class NodeSettings {
  readonly #client: Pick<KubeClient, 'getJson'>;
  readonly #signal: AbortSignal;
  readonly #rotations = new Map<string, LogRotation>();
  /** Of each node that is wanted; undefined where it did not answer. */
  readonly #asking = new Map<string, Promise<void> | undefined>();

  constructor(client: Pick<KubeClient, 'getJson'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** What is known of a node (yet). */
  logRotation(node: string): LogRotation {
    return this.#rotations.get(node) ?? {};
  }

  /** Resolves when the node was asked, whatever it answered; at once for one that is not wanted. */
  async asked(node: string): Promise<void> {
    if (this.#asking.has(node)) this.#begin(node);
    await this.#asking.get(node);
  }

  /** Asks, in the background, for the settings of the node that a pod runs on. */
  want(pod: KubeObject): void {
    const node = nodeOf(pod);
    if (node !== undefined) this.#begin(node);
  }

  #begin(node: string): void {
    if (this.#asking.get(node) === undefined) this.#asking.set(node, this.#ask(node));
  }

  async #ask(node: string): Promise<void> {
    try {
      const configz = await this.#client.getJson(`/api/v1/nodes/${node}/proxy/configz`, this.#signal);
      this.#rotations.set(node, rotationIn(path(configz, 'kubeletconfig')));
    } catch (error) {
      // Its settings stay unknown, which is what `logRotation` then says.
      if (!isRefusal(error)) this.#asking.set(node, undefined);
    }
  }
}

/** The node that a pod was scheduled to. */
export function nodeOf(pod: KubeObject): string | undefined {
  return textOf(path(pod.spec, 'nodeName'));
}

function rotationIn(config: unknown): LogRotation {
  const size = bytesOf(textOf(path(config, 'containerLogMaxSize')) ?? '');
  const files = path(config, 'containerLogMaxFiles');
  const interval = millisecondsOf(textOf(path(config, 'containerLogMonitorInterval')) ?? '');
  return {
    ...(size === undefined ? {} : { maxBytes: size }),
    ...(typeof files === 'number' ? { maxFiles: files } : {}),
    ...(interval === undefined ? {} : { intervalMs: interval }),
  };
}

/** A duration as Go prints it, e.g. `1m30s`. */
function millisecondsOf(duration: string): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(duration);
  if (match === null || duration === '') return undefined;
  const [, hours = 0, minutes = 0, seconds = 0] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** A Kubernetes quantity of bytes, e.g. `10Mi`. */
function bytesOf(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?$/.exec(quantity);
  const unit = UNITS[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}
