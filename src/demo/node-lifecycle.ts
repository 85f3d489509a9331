import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { SimulatedNode } from './node.ts';
import type { SimulatedStore } from './store.ts';

export interface NodeLifecycleOptions {
  readonly store: SimulatedStore;
  readonly types: { readonly nodes: ResourceType; readonly pods: ResourceType };
  /** Milliseconds that pods tolerate an unreachable node. */
  readonly tolerationMs: number;
}

const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** The Node objects, and what the control plane does about a node that it hears nothing of. */
export class NodeLifecycle {
  readonly #options: NodeLifecycleOptions;

  constructor(options: NodeLifecycleOptions) {
    this.#options = options;
  }

  register({ name }: SimulatedNode): void {
    const { store, types } = this.#options;
    const status = {
      addresses: [{ type: 'Hostname', address: name }],
      conditions: conditions('True', store.now()),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { kubeletVersion: 'v1.37.2-simulated', containerRuntimeVersion: 'containerd://2.2.0' },
    };
    store.create(types.nodes, null, { metadata: { name }, spec: {}, status }, 'kubelet');
  }

  /** The node is taken for lost: its pods are unready at once, and evicted if it stays away. */
  async lose(node: SimulatedNode, signal: AbortSignal): Promise<void> {
    const { store, types, tolerationMs } = this.#options;
    node.kubelet.goDown();
    this.#setReady(node, 'Unknown', [{ key: UNREACHABLE, effect: 'NoExecute', timeAdded: store.now() }]);
    for (const pod of this.#podsOn(node)) store.update(types.pods, pod, (current) => unready(current, store.now()));
    await node.clock.sleep(tolerationMs, signal);
    if (node.kubelet.isUp) return;
    for (const pod of this.#podsOn(node))
      store.update(types.pods, pod, ({ metadata, ...rest }) => ({
        ...(rest as KubeObject),
        metadata: { ...metadata, deletionTimestamp: metadata.deletionTimestamp ?? store.now() },
      }));
  }

  /** The kubelet answers again, and tells what it could not. */
  recover(node: SimulatedNode): void {
    node.kubelet.comeBack();
    this.#setReady(node, 'True', []);
  }

  #setReady({ name }: SimulatedNode, ready: string, taints: readonly object[]): void {
    const { store, types } = this.#options;
    const object = store.get(types.nodes, null, name);
    if (object === undefined) return;
    store.update(types.nodes, object, (node) => ({
      ...node,
      spec: { ...(node.spec as object), taints },
      status: { ...(node.status as object), conditions: conditions(ready, store.now()) },
    }));
  }

  #podsOn({ name }: SimulatedNode): readonly KubeObject[] {
    const { store, types } = this.#options;
    return store.list(types.pods, null).filter((pod) => textOf(path(pod, 'spec', 'nodeName')) === name);
  }
}

function conditions(ready: string, now: string): readonly object[] {
  return [
    { type: 'MemoryPressure', status: ready === 'True' ? 'False' : 'Unknown', lastHeartbeatTime: now },
    { type: 'DiskPressure', status: ready === 'True' ? 'False' : 'Unknown', lastHeartbeatTime: now },
    { type: 'Ready', status: ready, lastHeartbeatTime: now, lastTransitionTime: now },
  ];
}

function unready(pod: KubeObject, now: string): KubeObject {
  const others = listOf(path(pod, 'status', 'conditions')).filter((condition) => field(condition, 'type') !== 'Ready');
  const ready = { type: 'Ready', status: 'False', lastTransitionTime: now };
  return { ...pod, status: { ...(pod.status as object), conditions: [...others, ready] } };
}
