import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { EventRecorder } from './event-recorder.ts';
import { SimulatedLog } from './logs.ts';
import type { SimulatedStore } from './store.ts';
import { PROGRAMS } from './workload.ts';

export interface KubeletOptions {
  readonly store: SimulatedStore;
  readonly pods: ResourceType;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventRecorder;
}

interface ContainerSpec {
  readonly name: string;
  readonly image: string;
}

/** A container's status as the pod shows it. */
interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  restartCount: number;
  ready: boolean;
  started: boolean;
  containerID?: string;
  state: Record<string, unknown>;
  lastState: Record<string, unknown>;
}

const NODE = 'node-1';
const FIRST_BACKOFF_MS = 700;

/** Runs the pods of the simulation: schedules them, starts and restarts their containers, ends them. */
export class SimulatedKubelet {
  readonly #options: KubeletOptions;
  readonly #logs = new Map<string, SimulatedLog[]>();
  readonly #pods = new Map<string, Promise<void>>();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  /** The log of a container's newest instance, or of the one before. */
  log(podUid: string, container: string, previous: boolean): SimulatedLog | undefined {
    return this.#logs.get(`${podUid}/${container}`)?.at(previous ? -2 : -1);
  }

  /** Runs a pod that it does not run yet. */
  adopt(pod: KubeObject, signal: AbortSignal): void {
    const { uid } = pod.metadata;
    if (this.#pods.has(uid)) return;
    const run = new PodRun(this.#options, pod, (container) => this.#newLog(uid, container));
    this.#pods.set(
      uid,
      run.live(signal).catch((error: unknown) => ignoreAbort(error, signal)),
    );
  }

  #newLog(podUid: string, container: string): SimulatedLog {
    const log = new SimulatedLog(this.#options.clock);
    const key = `${podUid}/${container}`;
    this.#logs.set(key, [...(this.#logs.get(key) ?? []), log]);
    return log;
  }
}

function ignoreAbort(error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) throw error;
}

/** The life of one pod. */
class PodRun {
  readonly #options: KubeletOptions;
  readonly #newLog: (container: string) => SimulatedLog;
  readonly #pod: KubeObject;
  readonly #ending = new AbortController();
  readonly #statuses: { init: ContainerStatus[]; regular: ContainerStatus[] };
  readonly #specs: { init: readonly ContainerSpec[]; regular: readonly ContainerSpec[] };
  #isDeleted = false;

  constructor(options: KubeletOptions, pod: KubeObject, newLog: (container: string) => SimulatedLog) {
    this.#options = options;
    this.#pod = pod;
    this.#newLog = newLog;
    this.#specs = { init: specsOf(pod, 'initContainers'), regular: specsOf(pod, 'containers') };
    this.#statuses = { init: this.#specs.init.map(waitingStatus), regular: this.#specs.regular.map(waitingStatus) };
  }

  async live(signal: AbortSignal): Promise<void> {
    const { clock, random, events } = this.#options;
    const ended = AbortSignal.any([signal, this.#ending.signal]);
    const watching = this.#watchDeletion(signal);
    try {
      await clock.sleep(30 + random() * 80, ended);
      this.#schedule();
      await clock.sleep(60 + random() * 100, ended);
      for (const [index, spec] of this.#specs.init.entries()) await this.#run(spec, this.#statuses.init[index], ended);
      await Promise.all(
        this.#specs.regular.map((spec, index) => this.#keepRunning(spec, this.#statuses.regular[index], ended)),
      );
    } catch (error) {
      if (!this.#isDeleted) throw error;
      events.record(this.#pod, {
        type: 'Normal',
        reason: 'Killing',
        message: 'Stopping containers',
        component: 'kubelet',
      });
    }
    await watching;
    if (this.#isDeleted) this.#remove();
  }

  async #watchDeletion(signal: AbortSignal): Promise<void> {
    const { store, pods } = this.#options;
    const { namespace = null, name, uid } = this.#pod.metadata;
    while (!signal.aborted) {
      const current = store.get(pods, namespace, name);
      if (current?.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) break;
      await store.changed(signal);
    }
    this.#isDeleted = !signal.aborted;
    this.#ending.abort();
  }

  #schedule(): void {
    const { store, events } = this.#options;
    const { namespace = '', name } = this.#pod.metadata;
    events.record(this.#pod, {
      type: 'Normal',
      reason: 'Scheduled',
      message: `Successfully assigned ${namespace}/${name} to ${NODE}`,
      component: 'default-scheduler',
    });
    this.#update((pod) => ({ ...pod, spec: { ...(pod.spec as object), nodeName: NODE } }), 'kube-scheduler');
    this.#publish([{ type: 'PodScheduled', status: 'True', lastTransitionTime: store.now() }]);
  }

  /** Runs a container again and again; the wait before each restart doubles. */
  async #keepRunning(spec: ContainerSpec, status: ContainerStatus | undefined, ended: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    for (let backoff = FIRST_BACKOFF_MS; status !== undefined; backoff *= 2) {
      const code = await this.#run(spec, status, ended);
      if (code === 0 && path(this.#pod, 'spec', 'restartPolicy') !== 'Always') return;
      const message = `back-off ${backoff}ms restarting failed container=${spec.name} pod=${this.#pod.metadata.name}`;
      status.lastState = status.state;
      status.state = { waiting: { reason: 'CrashLoopBackOff', message } };
      this.#publish();
      events.record(this.#pod, {
        type: 'Warning',
        reason: 'BackOff',
        message: `Back-off restarting failed container ${spec.name}`,
        component: 'kubelet',
      });
      await clock.sleep(backoff, ended);
      status.restartCount += 1;
    }
  }

  /** One run of a container, from its start to its end. */
  async #run(spec: ContainerSpec, status: ContainerStatus | undefined, ended: AbortSignal): Promise<number> {
    if (status === undefined) return 0;
    const { clock, random, events, store } = this.#options;
    const log = this.#newLog(spec.name);
    const containerID = `simulated://${hex(random, 32)}`;
    const startedAt = store.now();
    for (const [reason, message] of [
      ['Pulled', `Container image "${spec.image}" already present on machine`],
      ['Created', `Container created`],
      ['Started', `Container started`],
    ] as const)
      events.record(this.#pod, { type: 'Normal', reason, message, component: 'kubelet' });
    Object.assign(status, { containerID, started: true, state: { running: { startedAt } } });
    this.#publish();
    const ready = clock.sleep(250, ended).then(
      () => this.#becomeReady(status, containerID),
      () => undefined, // it was told to end
    );
    const program = PROGRAMS[spec.image] ?? (async (run) => run.sleep(2 ** 31).then(() => 0));
    let exitCode = 143;
    try {
      exitCode = await program({ log, restart: status.restartCount, random, sleep: (ms) => clock.sleep(ms, ended) });
    } catch (error) {
      if (!ended.aborted) throw error;
      log.write('received SIGTERM, shutting down');
    }
    log.end();
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    status.ready = false;
    status.started = false;
    status.state = { terminated: { exitCode, reason, startedAt, finishedAt: store.now(), containerID } };
    this.#publish();
    await ready;
    ended.throwIfAborted();
    return exitCode;
  }

  #becomeReady(status: ContainerStatus, containerID: string): void {
    if (status.containerID !== containerID || !('running' in status.state)) return;
    status.ready = true;
    this.#publish();
  }

  #publish(more: readonly object[] = []): void {
    const { store } = this.#options;
    const { init, regular } = this.#statuses;
    const isReady = regular.every(({ ready }) => ready);
    const isRunning = regular.some(({ started, restartCount }) => started || restartCount > 0);
    this.#update((pod) => {
      const known = listOf(path(pod, 'status', 'conditions')).filter(
        (condition) => field(condition, 'type') !== 'Ready',
      );
      const was = listOf(path(pod, 'status', 'conditions')).find((condition) => field(condition, 'type') === 'Ready');
      const status = isReady ? 'True' : 'False';
      const ready = field(was, 'status') === status ? was : { type: 'Ready', status, lastTransitionTime: store.now() };
      const details = { phase: isRunning ? 'Running' : 'Pending', conditions: [...known, ...more, ready] };
      return {
        ...pod,
        status: {
          ...details,
          initContainerStatuses: structuredClone(init),
          containerStatuses: structuredClone(regular),
        },
      };
    }, 'kubelet');
  }

  #update(change: (pod: KubeObject) => KubeObject, manager: string): void {
    this.#options.store.update(this.#options.pods, this.#pod, change, manager);
  }

  #remove(): void {
    const { namespace = null, name } = this.#pod.metadata;
    this.#options.store.delete(this.#options.pods, namespace, name);
  }
}

function specsOf(pod: KubeObject, list: string): readonly ContainerSpec[] {
  return listOf(path(pod, 'spec', list)).map((container) => ({
    name: textOf(field(container, 'name')) ?? '',
    image: textOf(field(container, 'image')) ?? '',
  }));
}

function waitingStatus({ name, image }: ContainerSpec): ContainerStatus {
  return {
    name,
    image,
    restartCount: 0,
    ready: false,
    started: false,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: {},
  };
}

function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
}
