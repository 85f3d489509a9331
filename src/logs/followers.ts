import { aborted } from '../model/aborted.ts';
import { Branch } from '../model/branch.ts';
import { messageOf } from '../model/errors.ts';
import type { GapCause } from '../model/gap.ts';
import type { InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { parseTimestamp, timestampOf } from '../model/time.ts';
import { FirstLines } from './binding.ts';
import { FollowerMaker, type FollowerMakerOptions } from './follower-maker.ts';
import { instancesOf } from './instances.ts';
import { InstanceLife } from './life.ts';
import { OpenStreams } from './open-streams.ts';
import type { FollowEnd, Follower } from './sink.ts';
import { hasEnded, mayBeFollowed, mayHaveBegun, UnseenRuns } from './unseen-runs.ts';
import { LogWitness } from './witness.ts';

export interface LogFollowersOptions extends FollowerMakerOptions {
  /** Streams open at once; the rest wait, and the story says so. */
  readonly maxStreams: number;
}

/** Everything known of one container of one pod. */
interface ContainerLogs {
  readonly lives: Map<number, InstanceLife>;
  readonly firstLines: FirstLines;
  newestRestart: number;
  /** The newest run, where it has ended and another one may follow of which nobody told yet. */
  last: InstanceState | undefined;
  /** The oldest run that the newest state shows. */
  oldest: InstanceState | undefined;
}

/** Whole lines wait at most this long before they go to the journal. */
const FLUSH_MS = 100;

/** One container run that is being followed. */
interface Following {
  readonly life: InstanceLife;
  readonly done: Promise<void>;
}

/** Follows the log of every container instance of every pod that it is shown, each exactly once. */
export class LogFollowers {
  readonly #options: LogFollowersOptions;
  readonly #slots: Slots;
  readonly #stop = new AbortController();
  readonly #pods = new Map<string, Map<string, ContainerLogs>>();
  readonly #running = new Set<Following>();
  /** Pods in which something runs, or may run yet, by UID. */
  readonly #going = new Set<string>();
  readonly #open = new OpenStreams();
  readonly #maker: FollowerMaker;
  readonly #unseen: UnseenRuns;
  readonly #ticker: Promise<void>;
  #streams: number;
  #hasQueued = false;
  #isLastCall = false;

  constructor(options: LogFollowersOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxStreams);
    const nextStream = () => this.#streams++;
    this.#maker = new FollowerMaker(options, { slots: this.#slots, open: this.#open, nextStream }, this.#stop.signal);
    this.#unseen = new UnseenRuns(options, { isResumed: options.past !== undefined });
    this.#streams = options.past?.nextStream ?? 0;
    this.#ticker = this.#tick();
  }

  /** How many logs are being read now. */
  get openStreams(): number {
    return this.#open.size;
  }

  /** In no pod that is known will anything run any more: only one that is yet to be told of can bring new lines. */
  get areOver(): boolean {
    return this.#going.size === 0 && [...this.#running].every(({ life }) => life.isOver);
  }

  /** Every first list was answered. */
  synced(): void {
    this.#unseen.synced();
  }

  /** Takes in a state of a pod of the story: starts what is new, tells the others. */
  observe(pod: KubeObject): void {
    this.#open.touch(); // a log may have to wait for its turn from now on, which is to be said
    if (hasEnded(pod)) this.#going.delete(pod.metadata.uid);
    else this.#going.add(pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined)
      for (const life of this.#livesOf(pod.metadata.uid)) life.podLeaving();
    const states = Map.groupBy(instancesOf(pod), (state) => state.instance.container);
    for (const [container, instances] of states) this.#observeContainer(pod, container, instances);
  }

  /** Goes on with the logs of a pod, of which an earlier recorder had this state last. */
  restore(pod: KubeObject, { isDeleted }: { readonly isDeleted: boolean }): void {
    const past = this.#options.past?.ofPod(pod.metadata.uid) ?? [];
    for (const { instance } of past) {
      const logs = this.#containerLogs(instance.podUid, instance.container);
      logs.newestRestart = Math.max(logs.newestRestart, instance.restart);
    }
    this.observe(pod);
    // Runs that the pod does not show any more, whose logs were not read to their end.
    const made = parseTimestamp(pod.metadata.creationTimestamp ?? '');
    for (const { instance, end, first = made, state } of past) {
      const logs = this.#containerLogs(instance.podUid, instance.container);
      if (end === undefined && !logs.lives.has(instance.restart))
        this.#start(pod, logs, {
          instance,
          state: 'terminated',
          startedAt: state?.startedAt ?? first,
          finishedAt: state?.finishedAt,
        });
    }
    if (!isDeleted) return;
    for (const logs of this.#pods.get(pod.metadata.uid)?.values() ?? [])
      if (logs.last !== undefined && (this.#options.past?.of(logs.last.instance)?.gaps ?? 0) > 0) logs.last = undefined;
    this.podDeleted(pod);
  }

  /** @param how `isLast`: the state is the one in which the pod was deleted; otherwise the last that was heard before. */
  podDeleted(pod: KubeObject, how: { readonly isLast: boolean } = { isLast: true }): void {
    const { uid } = pod.metadata;
    this.#going.delete(uid);
    const madeAt = parseTimestamp(pod.metadata.creationTimestamp ?? '');
    for (const life of this.#livesOf(uid)) {
      if (!life.isOver) this.#unseen.goesOn(life.instance, life.view.state === 'waiting' ? madeAt : undefined);
      life.podDeleted();
    }
    for (const logs of this.#pods.get(uid)?.values() ?? []) {
      if (logs.last !== undefined) this.#unseen.after(logs.last);
      logs.last = undefined;
    }
    for (const instance of mayHaveBegun(pod, how)) {
      const logs = this.#containerLogs(uid, instance.container);
      if (logs.newestRestart >= 0) continue;
      logs.newestRestart = instance.restart; // told once
      this.#unseen.begins(instance, madeAt);
    }
  }

  /**
   * Resolves when every log whose container has ended was read to its end. Of those that still run, what their files
   * hold now is read too; streams alone are not waited for.
   */
  async settle(signal: AbortSignal): Promise<void> {
    // Runs that begin from now on are read once, too: those of a crash loop would follow each other for ever.
    this.#isLastCall = true;
    for (const { life } of this.#running) life.lastCall();
    for (;;) {
      const ending = [...this.#running].filter(({ life }) => life.isOver || life.hasFiles).map(({ done }) => done);
      if (ending.length === 0 || signal.aborted) return;
      await Promise.race([Promise.all(ending), aborted(signal)]);
    }
  }

  /** Ends every follower and states how far each came. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#open.touch();
    await Promise.all([...this.#running].map(({ done }) => done));
    await this.#ticker;
  }

  #observeContainer(pod: KubeObject, container: string, instances: readonly InstanceState[]): void {
    const logs = this.#containerLogs(pod.metadata.uid, container);
    const { newestRestart: known } = logs;
    this.#unseen.between(pod, { known, view: logs.lives.get(known)?.view, instances });
    logs.last = mayBeFollowed(pod, instances);
    logs.newestRestart = Math.max(logs.newestRestart, ...instances.map(({ instance }) => instance.restart));
    const states = new Map(instances.map((state) => [state.instance.restart, state]));
    const [oldest] = instances;
    logs.oldest = oldest;
    for (const [restart, life] of logs.lives) {
      if (oldest !== undefined && restart < oldest.instance.restart) life.leftBehind(oldest.startedAt);
      life.update(states.get(restart), logs.newestRestart);
    }
    for (const state of instances) if (!logs.lives.has(state.instance.restart)) this.#start(pod, logs, state);
  }

  #livesOf(podUid: string): readonly InstanceLife[] {
    return [...(this.#pods.get(podUid)?.values() ?? [])].flatMap(({ lives }) => [...lives.values()]);
  }

  #containerLogs(podUid: string, container: string): ContainerLogs {
    const pod = this.#pods.get(podUid) ?? new Map<string, ContainerLogs>();
    this.#pods.set(podUid, pod);
    const logs = pod.get(container) ?? {
      lives: new Map(),
      firstLines: new FirstLines(),
      newestRestart: -1,
      last: undefined,
      oldest: undefined,
    };
    pod.set(container, logs);
    return logs;
  }

  #start(
    pod: KubeObject,
    logs: ContainerLogs,
    state: Pick<InstanceState, 'instance' | 'state' | 'startedAt' | 'finishedAt'>,
  ): void {
    const life = new InstanceLife(state.instance, {
      state: state.state,
      startedAt: state.startedAt,
      finishedAt: state.finishedAt,
    });
    if (pod.metadata.deletionTimestamp !== undefined) life.podLeaving();
    if (this.#isLastCall) life.lastCall();
    life.update(undefined, logs.newestRestart);
    if (logs.oldest !== undefined && state.instance.restart < logs.oldest.instance.restart)
      life.leftBehind(logs.oldest.startedAt); // of a past that the pod does not show any more
    logs.lives.set(state.instance.restart, life);
    if (this.#options.past?.of(state.instance)?.end !== undefined) return; // read to its end, or given up, before
    const following: Following = {
      life,
      done: this.#follow(pod, logs, life).finally(() => this.#running.delete(following)),
    };
    this.#running.add(following);
  }

  async #follow(pod: KubeObject, logs: ContainerLogs, life: InstanceLife): Promise<void> {
    let end: FollowEnd;
    let follower: Follower | undefined;
    let goesOn = false;
    // What listens to a signal is looked through whenever more or less does: what each of many logs waits for has its own.
    using branch = new Branch(this.#stop.signal);
    try {
      follower = await this.#maker.make(pod, { ...logs, life }, branch.signal);
      end = await follower.run(branch.signal);
      goesOn = life.isLastCall && !life.isOver;
    } catch (error) {
      goesOn = this.#stop.signal.aborted;
      if (goesOn) end = this.#interrupted(follower, life);
      else end = this.#failed(life, error);
    }
    const { sink, clock } = this.#options;
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'logEnd', observed, instance: life.instance, ...end, ...(goesOn ? { goesOn } : {}) });
  }

  #interrupted(follower: Follower | undefined, life: InstanceLife): FollowEnd {
    if (life.view.state === 'waiting')
      return { end: 'proven', evidence: 'the container had not started when the capture ended' };
    return follower?.interrupted() ?? this.#unread(life, 'interrupted', 'the capture ended before this log was read');
  }

  /** A bug or a broken journal must not take the other logs down with it. */
  #failed(life: InstanceLife, error: unknown): FollowEnd {
    return this.#unread(life, 'error', messageOf(error));
  }

  #unread(life: InstanceLife, cause: GapCause, evidence: string): FollowEnd {
    const witness = new LogWitness({ ...this.#options, life, past: this.#options.past?.of(life.instance) });
    witness.gap(cause, evidence, { certainty: 'suspected', after: undefined });
    return witness.unproven(evidence, 0);
  }

  async #tick(): Promise<void> {
    const { clock, sink } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#open.touched;
      await clock.sleep(FLUSH_MS, signal).catch(() => undefined); // rejected only by the stop
      this.#open.flush();
      if (this.#slots.waiting === 0 || this.#hasQueued) continue;
      this.#hasQueued = true;
      const text = `${this.#slots.waiting} container logs wait, because --max-log-streams allows ${this.#options.maxStreams} at once; each is read when another has ended`;
      sink.append({ kind: 'note', observed: timestampOf(clock.now()), text });
    }
  }
}
