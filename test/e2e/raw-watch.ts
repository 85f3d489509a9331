import { spawn } from 'node:child_process';
import type { RealCluster } from './cluster.ts';

/** A state as an independent client saw it. */
export interface RawState {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  };
}

/**
 * Every state of some types in a namespace from a moment on, told by the API server through kubectl: the ground truth
 * that stories are judged by. Each watch begins at a resourceVersion, so that it may start late and misses nothing.
 */
export class RawWatch {
  readonly states: RawState[] = [];
  readonly #children: { kill(): void; done: Promise<void> }[] = [];

  /** `types` are API paths, e.g. `apps/v1/deployments` or `v1/pods`. */
  static async start(cluster: RealCluster, namespace: string, types: readonly string[]): Promise<RawWatch> {
    const list = JSON.parse(await cluster.kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods`])) as {
      metadata: { resourceVersion: string };
    };
    const watch = new RawWatch();
    for (const type of types) watch.#watch(cluster, pathOf(type, namespace), list.metadata.resourceVersion);
    return watch;
  }

  /** The resourceVersions of each object, by UID, in the order in which they came. */
  versions(): Map<string, string[]> {
    const versions = new Map<string, string[]>();
    for (const { object } of this.states) {
      const { uid, resourceVersion } = object.metadata;
      versions.set(uid, [...(versions.get(uid) ?? []), resourceVersion]);
    }
    return versions;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill();
    await Promise.all(this.#children.map(({ done }) => done));
  }

  #watch(cluster: RealCluster, path: string, resourceVersion: string): void {
    const args = [
      '--kubeconfig',
      cluster.kubeconfig,
      'get',
      '--raw',
      `${path}?watch=1&resourceVersion=${resourceVersion}`,
    ];
    const child = spawn(cluster.kubectlPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.states.push(JSON.parse(line) as RawState);
    });
    const done = new Promise<void>((resolve) => child.on('close', () => resolve()));
    this.#children.push({ kill: () => child.kill(), done });
  }
}

function pathOf(type: string, namespace: string): string {
  const parts = type.split('/');
  const resource = parts.pop() ?? '';
  return `/${parts.length === 1 ? 'api' : 'apis'}/${parts.join('/')}/namespaces/${namespace}/${resource}`;
}
