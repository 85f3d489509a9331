import { Branch } from '../model/branch.ts';
import { path } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { ContainerLog } from './container-log.ts';
import type { EventText } from './event-recorder.ts';
import type { KubeletOptions } from './kubelet.ts';
import type { SimulatedNode } from './node.ts';
import { PodStatus, type RunningContainer } from './pod-status.ts';
import { hexDigits } from './random.ts';
import { secondsOf } from './store.ts';

const FIRST_BACKOFF_MS = 700;
const MAX_BACKOFF_MS = 300_000;

/** The life of one pod on its node, from its scheduling to its removal. */
export class PodRun {
  readonly #options: KubeletOptions;
  readonly #pod: KubeObject;
  readonly #status: PodStatus;
  #node: SimulatedNode | undefined;
  #isDeleted = false;
  /** The API server was not told the newest status: the node was cut off. */
  #isStale = false;

  constructor(options: KubeletOptions, pod: KubeObject) {
    this.#options = options;
    this.#pod = pod;
    this.#status = new PodStatus(pod);
  }

  async live(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const ending = new Branch(signal);
    const ended = ending.signal;
    const watching = this.#watchPod(signal, ending);
    try {
      await clock.sleep(30 + random() * 80, ended);
      const node = await this.#schedule(ended);
      await clock.sleep(60 + random() * 100, ended);
      for (const container of this.#status.init) await this.#run(node, container, ended);
      await Promise.all(this.#status.regular.map((container) => this.#keepRunning(node, container, ended)));
    } catch (error) {
      if (!this.#isDeleted) throw error;
      this.#tell({ type: 'Normal', reason: 'Killing', message: 'Stopping containers', component: 'kubelet' });
      this.#publish(); // that nothing is started again
    }
    await watching;
    if (this.#isDeleted) await this.#remove(signal);
  }

  /** Looks at the pod for as long as it is not deleted; tells what could not be told while the node was cut off. */
  async #watchPod(signal: AbortSignal, ending: Branch): Promise<void> {
    const { store } = this.#options;
    while (!signal.aborted) {
      if (this.#node?.kubelet.isUp !== false) {
        const current = this.#current();
        if (current?.metadata.deletionTimestamp !== undefined || current === undefined) break;
        if (this.#isStale) this.#publish();
      }
      await store.changed(signal);
    }
    this.#isDeleted = !signal.aborted;
    ending.abort(DELETED);
  }

  /** The pod as the API server has it; undefined where it is gone, or another one has its name. */
  #current(): KubeObject | undefined {
    const { store, pods } = this.#options;
    const { namespace = null, name, uid } = this.#pod.metadata;
    const current = store.get(pods, namespace, name);
    return current?.metadata.uid === uid ? current : undefined;
  }

  async #schedule(ended: AbortSignal): Promise<SimulatedNode> {
    const { store, random, nodes } = this.#options;
    let ready = nodes.filter(({ kubelet }) => kubelet.isUp);
    for (; ready.length === 0; ready = nodes.filter(({ kubelet }) => kubelet.isUp)) {
      await store.changed(ended);
      ended.throwIfAborted();
    }
    // One node takes no number out of the sequence: what a seed gives stays the same.
    const node = ready[ready.length === 1 ? 0 : Math.floor(random() * ready.length)] as SimulatedNode;
    this.#node = node;
    const { namespace = '', name } = this.#pod.metadata;
    const message = `Successfully assigned ${namespace}/${name} to ${node.name}`;
    this.#tell({ type: 'Normal', reason: 'Scheduled', message, component: 'default-scheduler' });
    this.#update((pod) => ({ ...pod, spec: { ...(pod.spec as object), nodeName: node.name } }), 'kube-scheduler');
    this.#publish([{ type: 'PodScheduled', status: 'True', lastTransitionTime: store.now() }]);
    return node;
  }

  /** Runs a container again and again; the wait before each restart doubles. */
  async #keepRunning(node: SimulatedNode, container: RunningContainer, ended: AbortSignal): Promise<void> {
    const { spec, status } = container;
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(MAX_BACKOFF_MS, backoff * 2)) {
      const { exitCode, log } = await this.#run(node, container, ended);
      if (exitCode === 0 && path(this.#pod, 'spec', 'restartPolicy') !== 'Always') return;
      const what = `restarting failed container=${spec.name} pod=${this.#pod.metadata.name}`;
      status.lastState = status.state;
      status.state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${backoff}ms ${what}` } };
      log.isToBeReplaced = true;
      this.#publish();
      const message = `Back-off restarting failed container ${spec.name}`;
      this.#tell({ type: 'Warning', reason: 'BackOff', message, component: 'kubelet' });
      await this.#options.clock.sleep(backoff, ended);
      status.restartCount += 1;
    }
  }

  /** One run of a container, from its start to its end. */
  async #run(node: SimulatedNode, { spec, status }: RunningContainer, ended: AbortSignal): Promise<EndedRun> {
    const { clock, random, programs } = this.#options;
    const log = node.startLog(this.#pod, spec.name);
    const containerID = `containerd://${hexDigits(random, 64)}`;
    const startedAt = secondsOf(node.clock);
    this.#tellOfStart(spec.image);
    Object.assign(status, { containerID, started: true, state: { running: { startedAt } } });
    this.#publish();
    const ready = clock.sleep(250, ended).then(
      () => this.#becomeReady({ spec, status }, containerID),
      () => undefined, // it was told to end
    );
    const program = programs[spec.image] ?? (async (run) => run.sleep(2 ** 31).then(() => 0));
    let exitCode = 143;
    try {
      exitCode = await program({ log, restart: log.restart, random, sleep: (ms) => clock.sleep(ms, ended) });
    } catch (error) {
      if (!ended.aborted) throw error;
      log.write('received SIGTERM, shutting down');
    }
    log.end();
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, reason, startedAt, finishedAt: secondsOf(node.clock), containerID };
    Object.assign(status, { ready: false, started: false, state: { terminated } });
    this.#publish();
    void this.#forget(node.runs(this.#pod.metadata.uid, spec.name).at(-2), ended);
    await ready;
    ended.throwIfAborted();
    return { exitCode, log };
  }

  /** One dead run is kept; the files of the one before go soon after it died. */
  async #forget(older: ContainerLog | undefined, ended: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    if (older === undefined) return;
    const isOver = await clock.sleep(100 + random() * 900, ended).then(
      () => false,
      () => true, // the pod's whole folder goes
    );
    if (!isOver) older.remove();
  }

  #becomeReady({ status }: RunningContainer, containerID: string): void {
    if (status.containerID !== containerID || !('running' in status.state)) return;
    status.ready = true;
    this.#publish();
  }

  /** The logs go some time after the last container has ended, and before the pod itself. */
  async #remove(signal: AbortSignal): Promise<void> {
    const { store, pods, clock, random } = this.#options;
    if (this.#node !== undefined) this.#publish(); // its last phase: nothing is started in it any more
    await clock.sleep(150 + random() * 750, signal);
    this.#node?.removeLogs(this.#pod);
    await clock.sleep(5, signal);
    const { namespace = null, name } = this.#pod.metadata;
    if (this.#current() !== undefined) store.delete(pods, namespace, name);
  }

  #tellOfStart(image: string): void {
    for (const [reason, message] of [
      ['Pulled', `Container image "${image}" already present on machine`],
      ['Created', `Container created`],
      ['Started', `Container started`],
    ] as const)
      this.#tell({ type: 'Normal', reason, message, component: 'kubelet' });
  }

  #tell(event: EventText): void {
    if (this.#node?.kubelet.isUp !== false) this.#options.events.record(this.#pod, event);
  }

  #publish(more: readonly object[] = []): void {
    this.#isStale = this.#node?.kubelet.isUp === false;
    if (this.#isStale) return;
    const { store } = this.#options;
    this.#update((pod) => ({ ...pod, status: this.#status.in(pod, store.now(), more) }), 'kubelet');
  }

  #update(change: (pod: KubeObject) => KubeObject, manager: string): void {
    this.#options.store.update(this.#options.pods, this.#pod, change, manager);
  }
}

const DELETED = new Error('the pod is deleted');

interface EndedRun {
  readonly exitCode: number;
  readonly log: ContainerLog;
}
