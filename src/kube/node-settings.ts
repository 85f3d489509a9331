import { path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { KubeClient } from './client.ts';

/**
 * How nodes rotate log files, read from the kubelet's configuration (`configz`) where the user may: it takes
 * `nodes/proxy`, which is never asked for. Each node is asked once; an unknown size only makes the story say less.
 */
export class NodeSettings {
  readonly #client: Pick<KubeClient, 'getJson'>;
  readonly #signal: AbortSignal;
  readonly #maxSizes = new Map<string, number | undefined>();

  constructor(client: Pick<KubeClient, 'getJson'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Bytes at which a node's log files are rotated; undefined where that is not known (yet). */
  logMaxSize(node: string): number | undefined {
    return this.#maxSizes.get(node);
  }

  /** Asks, in the background, for the settings of the node that a pod runs on. */
  want(pod: KubeObject): void {
    const node = nodeOf(pod);
    if (node === undefined || this.#maxSizes.has(node)) return;
    this.#maxSizes.set(node, undefined);
    void this.#ask(node);
  }

  async #ask(node: string): Promise<void> {
    try {
      const configz = await this.#client.getJson(`/api/v1/nodes/${node}/proxy/configz`, this.#signal);
      this.#maxSizes.set(node, maxSizeIn(configz));
    } catch {
      // Refused, or the node does not answer: the size stays unknown, which is what `logMaxSize` then says.
    }
  }
}

/** The node that a pod was scheduled to. */
export function nodeOf(pod: KubeObject): string | undefined {
  return textOf(path(pod.spec, 'nodeName'));
}

function maxSizeIn(configz: unknown): number | undefined {
  const size = textOf(path(configz, 'kubeletconfig', 'containerLogMaxSize'));
  return size === undefined ? undefined : bytesOf(size);
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
