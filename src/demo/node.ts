import type { KubeObject } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { Availability } from './availability.ts';
import { ContainerLog, type RotationRemains } from './container-log.ts';
import { LogFolder } from './log-folder.ts';

export interface LogSettings {
  /** Bytes at which a file is rotated. */
  readonly maxBytes: number;
  /** Files of one run at most, the current one included. */
  readonly maxFiles: number;
  /** Milliseconds between two checks of all files. */
  readonly intervalMs: number;
  /** Milliseconds after which a followed log ends, whatever its container does; four hours by default. */
  readonly streamLimitMs?: number;
}

export interface NodeOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds that the node's clock is ahead of the API server's. */
  readonly skewMs: number;
  readonly logs: LogSettings;
}

/** `disabled` is `enableSystemLogHandler: false`; `missing` a kubelet without such a handler; `forbidden` a proxy's or RBAC's no. */
export type FileAccess = 'served' | 'disabled' | 'missing' | 'forbidden';

/** One machine: its clock, its disk with the logs, and whether it can be reached. */
export class SimulatedNode {
  readonly name: string;
  readonly clock: Clock;
  /** While its kubelet is down or cut off, it answers nothing and tells nothing; containers run on. */
  readonly kubelet = new Availability();
  logs: LogSettings;
  fileAccess: FileAccess = 'served';
  readonly #folders = new Map<string, Map<string, LogFolder>>();
  readonly #runs = new Map<string, ContainerLog[]>();

  constructor({ name, clock, skewMs, logs }: NodeOptions) {
    this.name = name;
    this.clock = { now: () => clock.now() + skewMs, sleep: (ms, signal) => clock.sleep(ms, signal) };
    this.logs = logs;
  }

  /** Opens the log of a container's next run. */
  startLog(pod: KubeObject, container: string): ContainerLog {
    const folders = this.#folders.get(folderOf(pod)) ?? new Map<string, LogFolder>();
    this.#folders.set(folderOf(pod), folders);
    const folder = folders.get(container) ?? new LogFolder();
    folders.set(container, folder);
    const runs = this.runs(pod.metadata.uid, container);
    const log = new ContainerLog(this.clock, folder, runs.length);
    this.#runs.set(`${pod.metadata.uid}/${container}`, [...runs, log]);
    return log;
  }

  /** The logs of all runs of a container, those whose files are gone too: the truth that a recording is compared with. */
  runs(podUid: string, container: string): readonly ContainerLog[] {
    return this.#runs.get(`${podUid}/${container}`) ?? [];
  }

  /** Every run of every container that this node ever had, by pod UID and container (`UID/NAME`). */
  allRuns(): ReadonlyMap<string, readonly ContainerLog[]> {
    return this.#runs;
  }

  /** Takes all logs of a pod off the disk. */
  removeLogs(pod: KubeObject): void {
    for (const container of this.containersIn(folderOf(pod)))
      for (const log of this.runs(pod.metadata.uid, container)) log.remove();
    this.#folders.delete(folderOf(pod));
  }

  podFolders(): readonly string[] {
    return [...this.#folders.keys()].sort();
  }

  containersIn(podFolder: string): readonly string[] {
    return [...(this.#folders.get(podFolder)?.keys() ?? [])].sort();
  }

  folder(podFolder: string, container: string): LogFolder | undefined {
    return this.#folders.get(podFolder)?.get(container);
  }

  /** One round of the kubelet's log manager: the files of running containers that grew too large are rotated. */
  rotateLogs(remains: () => RotationRemains): void {
    if (!this.kubelet.isUp) return;
    for (const runs of this.#runs.values()) {
      const log = runs.at(-1);
      if (log?.isDue(this.logs.maxBytes) === true) log.rotate(this.logs.maxFiles, remains());
    }
  }
}

/** `NAMESPACE_NAME_UID`; a static pod's UID here is its manifest's hash, which the mirror pod bears as an annotation. */
function folderOf({ metadata }: KubeObject): string {
  const { namespace = '', name, uid, annotations = {} } = metadata;
  return `${namespace}_${name}_${annotations['kubernetes.io/config.hash'] ?? uid}`;
}
