import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { ContainerLog, RotationRemains } from './container-log.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { SimulatedNode } from './node.ts';
import { PodRun } from './pod-run.ts';
import type { SimulatedStore } from './store.ts';
import type { Program } from './workload.ts';

export interface KubeletOptions {
  readonly store: SimulatedStore;
  readonly pods: ResourceType;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventRecorder;
  /** Programs by image. */
  readonly programs: Readonly<Record<string, Program>>;
  readonly nodes: readonly SimulatedNode[];
}

/** How often a rotation leaves something in the air: 2 of 8 were measured. */
const UNCLEAN_ROTATIONS = 0.25;

/** The kubelets of all nodes: they run the pods and keep their logs. */
export class SimulatedKubelet {
  readonly #options: KubeletOptions;
  readonly #pods = new Map<string, Promise<void>>();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  /** The log of a container's newest run, or of the one before, as the pod log API names them. */
  log(podUid: string, container: string, previous: boolean): ContainerLog | undefined {
    const runs = this.#options.nodes.map((node) => node.runs(podUid, container)).find(({ length }) => length > 0) ?? [];
    const newest = runs.at(-1);
    // While a container waits to be started again, its last run is the newest and the one before.
    if (!previous || newest?.isToBeReplaced === true) return newest;
    return runs.at(-2);
  }

  /** Runs a pod that it does not run yet. */
  adopt(pod: KubeObject, signal: AbortSignal): void {
    const { uid } = pod.metadata;
    if (this.#pods.has(uid)) return;
    const run = new PodRun(this.#options, pod);
    this.#pods.set(
      uid,
      run.live(signal).catch((error: unknown) => ignoreAbort(error, signal)),
    );
  }

  /** Looks after the log files of a node for as long as it exists. */
  async tendLogs(node: SimulatedNode, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await node.clock.sleep(node.logs.intervalMs, signal).catch(() => undefined); // rejected only by the end
      if (!signal.aborted) node.rotateLogs(() => this.#remains());
    }
  }

  #remains(): RotationRemains {
    const { random } = this.#options;
    if (random() >= UNCLEAN_ROTATIONS) return { lines: 0, head: 0 };
    return { lines: Math.floor(random() * 4), head: random() < 0.5 ? 0 : 1 + Math.floor(random() * 40) };
  }
}

function ignoreAbort(error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) throw error;
}
