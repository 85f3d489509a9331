import type { Connection } from '../kube/connection.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { Api } from './api.ts';
import { DeploymentController } from './deployments.ts';
import { EventRecorder } from './event-recorder.ts';
import { Faults } from './faults.ts';
import { SimulatedKubelet } from './kubelet.ts';
import { seededRandom } from './random.ts';
import { SimulatedServer } from './server.ts';
import { type Manifest, SimulatedStore } from './store.ts';
import { SERVED_TYPES } from './types.ts';

export interface DemoClusterOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Streams that the server allows on a connection. */
  readonly maxStreams?: number;
}

const TOKEN = 'demo-token';

/** A simulated cluster that speaks the real API over HTTPS: the demo's stage, and the tests' fault injector. */
export class DemoCluster implements AsyncDisposable {
  readonly store: SimulatedStore;
  readonly faults = new Faults();
  readonly api: Api;
  readonly events: EventRecorder;
  readonly #kubelet: SimulatedKubelet;
  readonly #controller: DeploymentController;
  readonly #stop = new AbortController();
  readonly #server: SimulatedServer;
  #running: Promise<void> = Promise.resolve();

  private constructor(parts: {
    api: Api;
    store: SimulatedStore;
    faults: Faults;
    kubelet: SimulatedKubelet;
    controller: DeploymentController;
    events: EventRecorder;
    server: SimulatedServer;
  }) {
    this.api = parts.api;
    this.store = parts.store;
    this.faults = parts.faults;
    this.events = parts.events;
    this.#kubelet = parts.kubelet;
    this.#controller = parts.controller;
    this.#server = parts.server;
  }

  static async start({ clock, seed, maxStreams = 250 }: DemoClusterOptions): Promise<DemoCluster> {
    const random = seededRandom(seed);
    const store = new SimulatedStore(clock, random);
    const types = [...SERVED_TYPES];
    const find = (storage: string) => typeNamed(types, storage);
    const events = new EventRecorder(store, find('events'));
    const kubelet = new SimulatedKubelet({ store, pods: find('pods'), clock, random, events });
    const shared = { deployments: find('deployments.apps'), replicasets: find('replicasets.apps'), pods: find('pods') };
    const controller = new DeploymentController({ store, events, types: shared, random });
    const faults = new Faults();
    const api: Api = {
      clock,
      store,
      faults,
      types,
      users: new Map([[TOKEN, 'demo']]),
      log: (podUid, container, previous) => kubelet.log(podUid, container, previous),
      authorize: () => true,
      features: { aggregatedDiscovery: true, watchList: true },
      maxStreams,
    };
    store.create(find('namespaces'), null, { metadata: { name: 'kube-system' }, status: { phase: 'Active' } });
    store.create(find('nodes'), null, {
      metadata: { name: 'node-1' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    const server = await SimulatedServer.listen(api);
    return new DemoCluster({ api, store, faults, kubelet, controller, events, server });
  }

  get url(): URL {
    return this.#server.address.url;
  }

  /** A connection to it, as a kubeconfig would give; `token` for another user than the administrator. */
  connection(token = TOKEN): Connection {
    return {
      server: this.#server.address.url,
      tls: { ca: this.#server.address.ca, serverName: undefined, insecureSkipVerify: false },
      proxy: null,
      namespace: 'default',
      contextName: 'demo',
      impersonate: null,
      credentials: { get: async () => ({ token }), reject: () => false },
      warnings: [],
    };
  }

  /** A kubeconfig for it, for any client. */
  kubeconfig(): string {
    const { url, ca } = this.#server.address;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'demo',
          cluster: { server: url.origin, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
        },
      ],
      users: [{ name: 'demo', user: { token: TOKEN } }],
      contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo', namespace: 'shop' } }],
      'current-context': 'demo',
    });
  }

  /** Lets controllers and kubelet work until the cluster is disposed. */
  run(): void {
    this.#running = this.#work(this.#stop.signal);
  }

  /** Breaks every connection, as a restart of the server does. */
  breakConnections(): void {
    this.#server.breakConnections();
  }

  type(storage: string): ResourceType {
    return typeNamed(this.api.types, storage);
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#server[Symbol.asyncDispose]();
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = this.store.resourceVersion;
      this.#controller.reconcile();
      for (const pod of this.store.list(this.type('pods'), null)) this.#kubelet.adopt(pod, signal);
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
