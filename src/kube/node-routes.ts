import { FaroError, messageOf } from '../model/errors.ts';
import { path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import { mayI } from './access.ts';
import type { KubeClient } from './client.ts';
import { isRefusal } from './error.ts';
import { HttpNodeFiles, type NodeFiles } from './node-files.ts';
import { nodeOf } from './node-settings.ts';

/** Whether a node's log files can be read, and if not why. */
export type NodeRoute =
  | {
      readonly type: 'node-files';
      readonly node: string;
      readonly files: NodeFiles;
      /** They come through the node's proxy, which leads to all else that its kubelet serves. */
      readonly isProxied: boolean;
    }
  | NodeRefusal;

export interface NodeRefusal {
  readonly type: 'refused';
  readonly node: string;
  readonly reason: string;
  /** It could not be asked now; the next question may be answered. */
  readonly isPassing: boolean;
  /** Of a kubelet that was to be asked directly: what would let its files be read, where that is known. */
  readonly wayOut?: string | undefined;
}

export interface NodeRoutesOptions {
  readonly client: Pick<KubeClient, 'raw' | 'postJson'>;
  /** Makes a client of a node's own kubelet, by its address, for a recorder that may only use those. */
  readonly kubelet: ((host: string) => Pick<KubeClient, 'raw'>) | undefined;
}

/** Finds out once for each node whether its log files can be read: an access review, then one probing request. */
export class NodeRoutes {
  readonly #options: NodeRoutesOptions;
  readonly #signal: AbortSignal;
  readonly #routes = new Map<string, Promise<NodeRoute>>();

  constructor(options: NodeRoutesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** The route for a pod that was scheduled. Never rejects: what fails is a refusal with its reason. */
  routeOf(pod: KubeObject): Promise<NodeRoute> {
    const node = nodeOf(pod) ?? '';
    const known = this.#routes.get(node);
    if (known !== undefined) return known;
    const route = this.#find(node, pod).catch((error: unknown): NodeRoute => {
      // A node that refused is not asked again; one that could not be reached, or answered something else, is.
      const isPassing = !isRefusal(error);
      if (isPassing) this.#routes.delete(node);
      const wayOut = this.#options.kubelet === undefined ? undefined : wayOutOf(error);
      return { type: 'refused', node, reason: messageOf(error), isPassing, wayOut };
    });
    this.#routes.set(node, route);
    return route;
  }

  async #find(node: string, pod: KubeObject): Promise<NodeRoute> {
    const { client, kubelet } = this.#options;
    if (kubelet !== undefined) return this.#probe(node, { files: directly(kubelet, pod, node), isProxied: false });
    const question = { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy', namespace: null, name: node };
    const { allowed } = await mayI(client, question, this.#signal);
    if (!allowed) return { type: 'refused', node, reason: 'this user may not get nodes/proxy', isPassing: false };
    const root = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/logs/pods/`;
    const files = new HttpNodeFiles(client, { root, through: 'the API server (nodes/proxy)' });
    return this.#probe(node, { files, isProxied: true });
  }

  async #probe(node: string, way: { readonly files: NodeFiles; readonly isProxied: boolean }): Promise<NodeRoute> {
    const names = await way.files.list('', this.#signal);
    if (names !== undefined) return { type: 'node-files', node, ...way };
    return { type: 'refused', node, reason: 'it does not serve its log files (404)', isPassing: false };
  }
}

function directly(kubelet: (host: string) => Pick<KubeClient, 'raw'>, pod: KubeObject, node: string): NodeFiles {
  const host = textOf(path(pod.status, 'hostIP')) ?? node;
  return new HttpNodeFiles(kubelet(host), { root: '/logs/pods/', through: 'the kubelets (nodes/log)' });
}

/** What a kubelet may lack; unlike the API server it has its own authorities, and asks the API server who a user is. */
function wayOutOf(error: unknown): string | undefined {
  switch (error instanceof FaroError ? error.code : undefined) {
    case 'unauthorized':
      return 'a kubelet takes a token where its authentication.webhook is enabled, a certificate of its authentication.x509.clientCAFile; without --kubelet-direct files are read through the API server, which takes get on nodes/proxy';
    case 'forbidden':
      return 'it takes get on nodes/log';
    case 'unreachable':
      return "can the nodes be reached at --kubelet-port, and are their certificates those of --kubelet-ca (or else of the cluster's authority)?";
    default:
      return undefined;
  }
}

/** The folder of a container's log files, below `/var/log/pods/`. */
export function logFolder(pod: KubeObject, container: string): string {
  const { namespace = '', name, uid, annotations } = pod.metadata;
  // A static pod's files bear the hash that the kubelet gave it; its mirror in the API has a UID of its own.
  const hash = textOf(path(annotations, 'kubernetes.io/config.hash'));
  return `${namespace}_${name}_${hash ?? uid}/${container}/`;
}
