import { nodeOf } from '../kube/node-settings.ts';
import { containerNamesOf } from '../model/container-specs.ts';
import { path, textOf } from '../model/fields.ts';
import type { Gap } from '../model/gap.ts';
import { type ContainerInstance, type InstanceState, instanceName } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { type Clock, laterOf, millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import type { InstanceView } from './life.ts';
import type { LogSink } from './sink.ts';

/** No more of them are told one by one. */
const MOST_TOLD = 100;

/** An end is told in whole seconds, of the node's clock. */
const SURELY_BEFORE_MS = 2000;

/** States the runs of a container of which nobody told: their logs are gone. */
export class UnseenRuns {
  readonly #sink: Pick<LogSink, 'append'>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #beganAt: number;
  #isSynced: boolean;

  /** @param isResumed goes on with a capture: no run was before it */
  constructor(
    { sink, clock }: { readonly sink: Pick<LogSink, 'append'>; readonly clock: Pick<Clock, 'now'> },
    { isResumed }: { readonly isResumed: boolean },
  ) {
    this.#sink = sink;
    this.#clock = clock;
    this.#beganAt = clock.now();
    this.#isSynced = isResumed;
  }

  /** Every first list was answered: what is seen first from now on may have run while there was a recorder. */
  synced(): void {
    this.#isSynced = true;
  }

  /** Those between the newest that was known, number `known`, and the oldest that the pod still shows. */
  between(
    pod: KubeObject,
    { known, view, instances }: { known: number; view: InstanceView | undefined; instances: readonly InstanceState[] },
  ): void {
    const [oldest] = instances.toSorted((a, b) => a.instance.restart - b.instance.restart);
    if (oldest === undefined) return;
    const last = oldest.instance.restart - 1;
    if (known < 0 && last >= 0 && this.#isBefore(oldest.startedAt)) {
      this.#tell(oldest.instance, last);
      return;
    }
    // They lived some time after the newest that is known, or after the pod was made.
    const from = view?.finishedAt ?? view?.startedAt ?? parseTimestamp(pod.metadata.creationTimestamp ?? '');
    for (let restart = Math.max(known + 1, last + 1 - MOST_TOLD); restart <= last; restart += 1) {
      const instance = { ...oldest.instance, restart };
      const evidence = `${instanceName(instance)} had ended, and another instance after it, before its log could be asked for`;
      this.#state(instance, { from, to: oldest.startedAt, certainty: 'known', evidence });
    }
  }

  /** Those after one that had ended, in a pod that went before its node said that none would follow. */
  after({ instance, finishedAt }: InstanceState): void {
    const evidence = `the pod was gone before its node told how it ended: other instances may have run after ${instanceName(instance)}`;
    this.#leaveOpen(instance, finishedAt, evidence);
  }

  /** One that was not seen to end before its pod was gone; left out, `since` is now. */
  goesOn(instance: ContainerInstance, since?: Timestamp): void {
    const evidence = 'the pod was gone before its container was seen to end: it may have run on';
    this.#leaveOpen(instance, since, evidence);
  }

  /** The first one of a container that was not seen to begin before its pod was gone. */
  begins(instance: ContainerInstance, since: Timestamp | undefined): void {
    const evidence =
      'the pod was gone before its node told how it ended: its container may have run, of which nobody told';
    this.#leaveOpen(instance, since, evidence);
  }

  /**
   * A node that cannot be reached runs on what it ran, whatever became of the pod meanwhile; told at once, for a recorder
   * that is killed tells nothing later.
   */
  #leaveOpen(instance: ContainerInstance, from: Timestamp | undefined, evidence: string): void {
    this.#state(instance, { from, to: undefined, certainty: 'suspected', evidence, isOpen: true });
  }

  /** Whether all that ran before a time was over when the recording began: it is of no story, which begins then. */
  #isBefore(startedAt: Timestamp | undefined): boolean {
    return !this.#isSynced && startedAt !== undefined && millisecondsOf(startedAt) < this.#beganAt - SURELY_BEFORE_MS;
  }

  #tell(instance: ContainerInstance, last: number): void {
    const first = instanceName({ ...instance, restart: 0 });
    const which = last === 0 ? first : `${first} to #${last}`;
    const text = `${which} had ended before the recording began; of the runs that have ended a node keeps the log of the last one`;
    this.#sink.append({ kind: 'note', observed: timestampOf(this.#clock.now()), text });
  }

  #state(
    container: ContainerInstance,
    gap: { from: Timestamp | undefined; to: Timestamp | undefined } & Pick<Gap, 'certainty' | 'evidence' | 'isOpen'>,
  ): void {
    const observed = timestampOf(this.#clock.now());
    const from = gap.from ?? observed;
    const to = laterOf(from, gap.to ?? observed);
    this.#sink.append({
      kind: 'gap',
      observed,
      gap: { of: { container }, ...gap, from, to, cause: 'instance-gone' },
    });
  }
}

/** The newest run that a pod state shows of a container, where it has ended and the kubelet may start another one. */
export function mayBeFollowed(pod: KubeObject, instances: readonly InstanceState[]): InstanceState | undefined {
  if (hasEnded(pod)) return undefined;
  const newest = instances.reduce((a, b) => (b.instance.restart > a.instance.restart ? b : a));
  if (newest.state !== 'terminated' || newest.kind === 'init' || newest.kind === 'ephemeral') return undefined;
  const policy = newest.kind === 'sidecar' ? 'Always' : (textOf(path(pod.spec, 'restartPolicy')) ?? 'Always');
  const isRestarted = policy === 'Always' || (policy === 'OnFailure' && newest.exitCode !== 0);
  return isRestarted ? newest : undefined;
}

/**
 * The first runs of all containers of a pod that is gone, where its node may have begun them, whether it told so or not.
 * @param how as of `LogFollowers.podDeleted`
 */
export function mayHaveBegun(pod: KubeObject, { isLast }: { readonly isLast: boolean }): readonly ContainerInstance[] {
  const { uid: podUid, name, namespace = '' } = pod.metadata;
  if (hasEnded(pod) || (isLast && nodeOf(pod) === undefined)) return [];
  return containerNamesOf(pod.spec).map((container) => ({ podUid, namespace, pod: name, container, restart: 0 }));
}

/** The kubelet sets the last phase when nothing will run any more, before a pod that was told to go is gone. */
export function hasEnded(pod: KubeObject): boolean {
  const phase = textOf(path(pod.status, 'phase'));
  return phase === 'Succeeded' || phase === 'Failed';
}
