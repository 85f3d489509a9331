import type { KubeObject } from '../model/resource.ts';

/** An entry of the timeline: where it stands, and its time (RFC 3339, nine digits). */
export interface Moment {
  readonly seq: number;
  readonly time: string;
}

/** What the story says of an object beside its states. */
export interface ObjectIdentity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  /** Indexes of its owners. */
  readonly owners: readonly number[];
}

/** What the story says of a container's run. */
export interface RunIdentity {
  /** Index of its pod. */
  readonly object: number;
  readonly name: string;
  readonly kind: 'init' | 'sidecar' | 'regular' | 'ephemeral';
  readonly restart: number;
  readonly containerID?: string | undefined;
}

/** A time during which a condition of an object kept its status and reason. */
export interface ConditionSpan {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly from: Moment;
  until: Moment | undefined;
}

/** A time during which a container waited for one reason that is not an ordinary one. */
export interface WaitSpan {
  readonly container: string;
  readonly reason: string;
  readonly message: string;
  readonly from: Moment;
  until: Moment | undefined;
}

/** A Kubernetes Event with its updates. */
export interface EventFact {
  readonly reason: string;
  readonly message: string;
  /** The container that it is about, where it says so. */
  readonly container: string | undefined;
  count: number;
  /** Each update; the first and the newest ones of very many. */
  readonly moments: Moment[];
}

/** A change of the template that a workload makes its pods by. */
export interface Rollout {
  readonly from: Moment;
  readonly manager: string | undefined;
  readonly template: string;
  /** Whether anything but labels and annotations changed, which is all that `kubectl rollout restart` does. */
  readonly isSpec: boolean;
  finished: Moment | undefined;
}

/** What the timeline says of one object. */
export interface ObjectFacts extends ObjectIdentity {
  readonly index: number;
  first: Moment | undefined;
  /** Whether it came to be while the story was recorded. */
  isNew: boolean;
  last: Moment | undefined;
  state: KubeObject | undefined;
  /** The last state in which nobody had asked for its deletion. */
  living: KubeObject | undefined;
  deletionRequested: Moment | undefined;
  deleted: Moment | undefined;
  /** The kubelet's word for why the pod as a whole ended, e.g. `Evicted`. */
  ended: (Moment & { readonly reason: string; readonly message: string }) | undefined;
  readonly conditions: ConditionSpan[];
  readonly waits: WaitSpan[];
  readonly events: EventFact[];
  readonly rollouts: Rollout[];
  /** Of a pod: the runs of its containers. */
  readonly runs: RunFacts[];
  /** When a ConfigMap or a Secret was changed, and by whom. */
  readonly changes: (Moment & { readonly manager: string | undefined; readonly isDeletion: boolean })[];
  /** When a Node was closed to new pods, and by whom. */
  readonly cordons: (Moment & { readonly manager: string | undefined })[];
}

/** A line near the end of a container's run. */
export interface LastLine {
  readonly seq: number;
  readonly text: string;
}

/** What the timeline says of one run of a container. */
export interface RunFacts extends RunIdentity {
  readonly index: number;
  started: Moment | undefined;
  ended:
    | (Moment & {
        readonly exitCode: number | undefined;
        readonly signal: number | undefined;
        readonly reason: string;
      })
    | undefined;
  /** Whether a state of its pod shows its end in which nobody had asked for the pod's deletion. */
  isEndedAlive: boolean;
  /** What the runtime or the container's termination log says of its end. */
  message: string | undefined;
  lines: readonly LastLine[];
}

/** All that the rules see: what matters of the timeline, gathered in one pass. */
export interface Facts {
  readonly startTime: string;
  readonly endTime: string;
  /** How the recording ended, e.g. `timeout`. */
  readonly ended: string;
  /** Indexes of the objects that the user named. */
  readonly roots: readonly number[];
  readonly objects: readonly ObjectFacts[];
  readonly runs: readonly RunFacts[];
  /** Events about Nodes that are not in the story themselves, by the Node's name. */
  readonly nodeEvents: ReadonlyMap<string, readonly EventFact[]>;
}

/** Seconds from one time to a later one; negative where it is earlier. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(`${to.slice(0, 23)}Z`) - Date.parse(`${from.slice(0, 23)}Z`)) / 1000;
}
