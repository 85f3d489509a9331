import { createHash } from 'node:crypto';
import { conditionOf } from '../graph/conditions.ts';
import { numberOf, path } from '../model/fields.ts';
import { isEqual } from '../model/json-equal.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import { deploymentConditions } from './deployment-conditions.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { SimulatedStore } from './store.ts';

export interface DeploymentControllerOptions {
  readonly store: SimulatedStore;
  readonly events: EventRecorder;
  readonly types: {
    readonly deployments: ResourceType;
    readonly replicasets: ResourceType;
    readonly pods: ResourceType;
  };
  readonly random: () => number;
}

/** The Deployment and ReplicaSet controllers of the simulation: rolling updates with one pod more than wanted, none less. */
export class DeploymentController {
  readonly #options: DeploymentControllerOptions;
  /** Of pod templates: each is looked at again and again. */
  readonly #hashes = new WeakMap<object, string>();

  constructor(options: DeploymentControllerOptions) {
    this.#options = options;
  }

  #hashOf(template: unknown): string {
    const key = typeof template === 'object' && template !== null ? template : this;
    const known = this.#hashes.get(key);
    if (known !== undefined) return known;
    const hash = createHash('sha256')
      .update(JSON.stringify(template) ?? '')
      .digest('hex')
      .slice(0, 9);
    this.#hashes.set(key, hash);
    return hash;
  }

  /** Brings everything one step nearer to what its spec says. */
  reconcile(): void {
    const { store, types } = this.#options;
    for (const deployment of store.list(types.deployments, null)) this.#deployment(deployment);
    for (const replicaSet of store.list(types.replicasets, null)) this.#replicaSet(replicaSet);
  }

  #deployment(deployment: KubeObject): void {
    const { store, types } = this.#options;
    const owned = this.#ownedBy(types.replicasets, deployment);
    const name = `${deployment.metadata.name}-${this.#hashOf(path(deployment, 'spec', 'template'))}`;
    const current = owned.find(({ metadata }) => metadata.name === name) ?? this.#createReplicaSet(deployment, name);
    const others = owned.filter(({ metadata }) => metadata.uid !== current.metadata.uid);
    const wanted = count(deployment, 'spec', 'replicas');
    const othersReplicas = sum(others, 'spec', 'replicas');
    const available = sum([current, ...others], 'status', 'readyReplicas');
    const room = Math.max(0, wanted + 1 - othersReplicas);
    const isFirst = others.length === 0;
    this.#scale(deployment, current, Math.min(wanted, isFirst ? wanted : room));
    const spare = available - wanted;
    const shrinking = others.find((other) => count(other, 'spec', 'replicas') > 0);
    // A broken pod of an old version goes first, and costs nothing; a ready one only when there is one to spare.
    if (shrinking !== undefined) {
      const unready = count(shrinking, 'status', 'replicas') - count(shrinking, 'status', 'readyReplicas');
      if (unready > 0 || spare > 0) this.#scale(deployment, shrinking, count(shrinking, 'spec', 'replicas') - 1);
    }
    this.#deploymentStatus(
      store.get(types.deployments, deployment.metadata.namespace ?? null, deployment.metadata.name) ?? deployment,
      current,
      others,
    );
  }

  #createReplicaSet(deployment: KubeObject, name: string): KubeObject {
    const { store, types } = this.#options;
    const hash = name.slice(deployment.metadata.name.length + 1);
    const labels = { app: deployment.metadata.name, 'pod-template-hash': hash };
    const template = path(deployment, 'spec', 'template') as Record<string, unknown>;
    const metadata = { name, labels, ownerReferences: [ownerOf(deployment)] };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } };
    return store.create(
      types.replicasets,
      deployment.metadata.namespace ?? null,
      { metadata, spec, status: { replicas: 0 } },
      'kube-controller-manager',
    );
  }

  #scale(deployment: KubeObject, replicaSet: KubeObject, replicas: number): void {
    const { store, types, events } = this.#options;
    const before = count(replicaSet, 'spec', 'replicas');
    if (before === replicas) return;
    store.update(
      types.replicasets,
      replicaSet,
      (current) => ({ ...current, spec: { ...(current.spec as object), replicas } }),
      'kube-controller-manager',
    );
    const message = `Scaled ${replicas > before ? 'up' : 'down'} replica set ${replicaSet.metadata.name} from ${before} to ${replicas}`;
    events.record(deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message,
      component: 'deployment-controller',
    });
  }

  #deploymentStatus(deployment: KubeObject, current: KubeObject, others: readonly KubeObject[]): void {
    const { store, types } = this.#options;
    const all = [current, ...others];
    const ready = sum(all, 'status', 'readyReplicas');
    const wanted = count(deployment, 'spec', 'replicas');
    const numbers = {
      observedGeneration: deployment.metadata.generation,
      replicas: sum(all, 'status', 'replicas'),
      updatedReplicas: count(current, 'status', 'replicas'),
      readyReplicas: ready,
      availableReplicas: ready,
    };
    const conditions = deploymentConditions(deployment, { wanted, ...numbers }, store.now());
    this.#setStatus(types.deployments, deployment, { ...numbers, conditions });
  }

  #replicaSet(replicaSet: KubeObject): void {
    const { store, types, events } = this.#options;
    const pods = this.#ownedBy(types.pods, replicaSet);
    const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const wanted = count(replicaSet, 'spec', 'replicas');
    for (let missing = wanted - alive.length; missing > 0; missing -= 1) {
      const pod = this.#createPod(replicaSet);
      events.record(replicaSet, {
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: `Created pod: ${pod.metadata.name}`,
        component: 'replicaset-controller',
      });
    }
    const surplus = alive
      .toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)))
      .slice(0, Math.max(0, alive.length - wanted));
    for (const pod of surplus) {
      store.update(
        types.pods,
        pod,
        (current) => ({ ...current, metadata: { ...current.metadata, deletionTimestamp: store.now() } }),
        'kube-controller-manager',
      );
      events.record(replicaSet, {
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${pod.metadata.name}`,
        component: 'replicaset-controller',
      });
    }
    const ready = alive.filter(isReady).length;
    this.#setStatus(types.replicasets, replicaSet, {
      observedGeneration: replicaSet.metadata.generation,
      replicas: Math.min(alive.length, wanted),
      readyReplicas: ready,
      availableReplicas: ready,
    });
  }

  #createPod(replicaSet: KubeObject): KubeObject {
    const { store, types, random } = this.#options;
    const suffix = Array.from({ length: 5 }, () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(random() * 27)]).join('');
    const template = path(replicaSet, 'spec', 'template') as {
      metadata?: { labels?: Record<string, string> };
      spec?: object;
    };
    const metadata = {
      name: `${replicaSet.metadata.name}-${suffix}`,
      labels: template.metadata?.labels ?? {},
      ownerReferences: [ownerOf(replicaSet)],
    };
    const spec = { restartPolicy: 'Always', ...template.spec };
    return store.create(
      types.pods,
      replicaSet.metadata.namespace ?? null,
      { metadata, spec, status: { phase: 'Pending' } },
      'kube-controller-manager',
    );
  }

  /** Only a real change is written: a controller that writes for nothing never comes to rest. */
  #setStatus(type: ResourceType, object: KubeObject, status: object): void {
    const { store } = this.#options;
    const current = store.get(type, object.metadata.namespace ?? null, object.metadata.name);
    if (isEqual(current?.status, status)) return;
    store.update(type, object, (latest) => ({ ...latest, status }), 'kube-controller-manager');
  }

  #ownedBy(type: ResourceType, owner: KubeObject): readonly KubeObject[] {
    return this.#options.store
      .list(type, owner.metadata.namespace ?? null)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true);
  }
}

function ownerOf({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

function count(object: KubeObject, ...names: readonly string[]): number {
  return numberOf(path(object, ...names)) ?? 0;
}

function sum(objects: readonly KubeObject[], ...names: readonly string[]): number {
  return objects.reduce((total, object) => total + count(object, ...names), 0);
}

function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}
