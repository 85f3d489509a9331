import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { Api } from './api.ts';
import { Availability } from './availability.ts';
import { DeploymentController } from './deployments.ts';
import { EventRecorder } from './event-recorder.ts';
import { Faults } from './faults.ts';
import { SimulatedKubelet } from './kubelet.ts';
import { type LogSettings, SimulatedNode } from './node.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import { seededRandom } from './random.ts';
import { type Manifest, SimulatedStore } from './store.ts';
import { SERVED_TYPES } from './types.ts';
import { PROGRAMS, type Program } from './workload.ts';

export interface SimulatedClusterOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Streams that the server allows on a connection. */
  readonly maxStreams?: number;
  /** Of each node, how many milliseconds its clock is ahead; one node that is right by default. */
  readonly nodeSkewsMs?: readonly number[];
  readonly logs?: LogSettings;
  /** Milliseconds that pods tolerate an unreachable node before they are evicted. */
  readonly tolerationMs?: number;
  /** What containers do, by image; the demo's by default. */
  readonly programs?: Readonly<Record<string, Program>>;
}

/** The bearer token of the administrator. */
export const ADMIN_TOKEN = 'demo-token';
/** As DefaultTolerationSeconds gives to every pod. */
const TOLERATION_MS = 300_000;
/** As a kubelet has it where nobody set anything. */
const DEFAULT_LOGS: LogSettings = { maxBytes: 10 * 1_048_576, maxFiles: 5, intervalMs: 10_000 };

/** The world of the simulation: API server, controllers, nodes. It stands still until `run`. */
export class SimulatedCluster implements AsyncDisposable {
  readonly store: SimulatedStore;
  readonly faults = new Faults();
  readonly api: Api;
  readonly events: EventRecorder;
  readonly nodes: readonly SimulatedNode[];
  /** The type of pods, served or not. */
  readonly pods: ResourceType;
  readonly #kubelet: SimulatedKubelet;
  readonly #controller: DeploymentController;
  readonly #lifecycle: NodeLifecycle;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SimulatedClusterOptions) {
    const { clock, seed, maxStreams = 250, nodeSkewsMs = [0], logs = DEFAULT_LOGS, programs = PROGRAMS } = options;
    const random = seededRandom(seed);
    const types = [...SERVED_TYPES];
    const find = (storage: string) => typeNamed(types, storage);
    const [pods, nodeType] = [find('pods'), find('nodes')];
    this.pods = pods;
    this.store = new SimulatedStore(clock, random);
    this.events = new EventRecorder(this.store, find('events'));
    this.nodes = nodeSkewsMs.map(
      (skewMs, index) => new SimulatedNode({ name: `node-${index + 1}`, clock, skewMs, logs }),
    );
    const shared = { store: this.store, events: this.events, random };
    this.#kubelet = new SimulatedKubelet({ ...shared, pods, clock, programs, nodes: this.nodes });
    this.#controller = new DeploymentController({
      ...shared,
      types: { deployments: find('deployments.apps'), replicasets: find('replicasets.apps'), pods },
    });
    this.#lifecycle = new NodeLifecycle({
      store: this.store,
      types: { nodes: nodeType, pods },
      tolerationMs: options.tolerationMs ?? TOLERATION_MS,
    });
    this.api = {
      clock,
      store: this.store,
      faults: this.faults,
      types,
      users: new Map([[ADMIN_TOKEN, 'demo']]),
      nodes: this.nodes,
      log: (podUid, container, previous) => this.#kubelet.log(podUid, container, previous),
      server: new Availability(),
      authorize: () => true,
      features: { aggregatedDiscovery: true, watchList: true, protobuf: true },
      maxStreams,
    };
    this.store.create(find('namespaces'), null, { metadata: { name: 'kube-system' }, status: { phase: 'Active' } });
    for (const node of this.nodes) this.#lifecycle.register(node);
  }

  /** Lets controllers and kubelets work until the cluster is disposed. */
  run(): void {
    const { signal } = this.#stop;
    this.#running = Promise.all([
      this.#work(signal),
      ...this.nodes.map((node) => this.#kubelet.tendLogs(node, signal)),
    ]);
  }

  type(storage: string): ResourceType {
    return typeNamed(this.api.types, storage);
  }

  /** Serves a type, as after a CustomResourceDefinition was created or a server was upgraded. */
  serve(type: ResourceType): void {
    this.api.types.push(type);
  }

  /** Serves a type no longer: its watches end, and requests for it find nothing. */
  withdraw(type: ResourceType): void {
    this.api.types.splice(this.api.types.indexOf(type), 1);
    this.store.rouse(type);
  }

  create(storage: string, namespace: string | null, manifest: Manifest): KubeObject {
    return this.store.create(this.type(storage), namespace, manifest, 'kubectl');
  }

  /** Changes an object as a user would. */
  change(storage: string, namespace: string | null, name: string, change: (object: KubeObject) => KubeObject): void {
    const type = this.type(storage);
    const object = this.store.get(type, namespace, name);
    if (object !== undefined) this.store.update(type, object, change, 'kubectl');
  }

  /**
   * Breaks every connection and answers nobody for a time. Like a real one, a server that has begun anew knows of no change
   * before: its cache of changes begins with a list, and a watch that would go on from before that is told 410.
   */
  async restartApiServer(downMs: number): Promise<void> {
    await this.loseWay(downMs, () => this.store.compact());
  }

  /** The way to the API server is gone for a time, with every connection. */
  async loseWay(forMs: number, meanwhile: () => void = () => undefined): Promise<void> {
    const { server, clock } = this.api;
    server.goDown();
    await clock.sleep(forMs, this.#stop.signal);
    meanwhile();
    server.comeBack();
  }

  /** Ends what the kubelet of a node was sending; it answers again, and tells what went on, after a time. */
  async restartKubelet(node: SimulatedNode, downMs: number): Promise<void> {
    node.kubelet.goDown();
    await node.clock.sleep(downMs, this.#stop.signal);
    this.#lifecycle.recover(node);
  }

  /** Cuts a node off; its pods are unready at once and evicted after five minutes, if it has not come back. */
  async loseNode(node: SimulatedNode, awayMs: number): Promise<void> {
    const evicted = this.#lifecycle.lose(node, this.#stop.signal);
    await node.clock.sleep(awayMs, this.#stop.signal);
    this.#lifecycle.recover(node);
    await evicted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = this.store.resourceVersion;
      this.#controller.reconcile();
      for (const pod of this.store.list(this.pods, null)) this.#kubelet.adopt(pod, signal);
      if (this.store.resourceVersion === before) await this.store.changed(signal);
      else await Promise.resolve();
    }
  }
}

function typeNamed(types: readonly ResourceType[], storage: string): ResourceType {
  const type = types.find((candidate) => groupResourceOf(candidate) === storage);
  if (type === undefined) throw new Error(`the simulated cluster serves no ${storage}`);
  return type;
}
