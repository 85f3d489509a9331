import type { KubeClient } from '../kube/client.ts';
import { nodeOf } from '../kube/node-settings.ts';
import { messageOf } from '../model/errors.ts';
import { type ContainerInstance, type InstanceState, instanceName } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import { FirstLines } from './binding.ts';
import { instancesOf } from './instances.ts';
import { InstanceLife } from './life.ts';
import type { OpenLog } from './open-log.ts';
import type { FollowEnd, LogLimits, LogSink } from './sink.ts';
import { StreamFollower } from './stream-follower.ts';

export interface LogFollowersOptions {
  readonly client: Pick<KubeClient, 'logs'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  readonly limits: LogLimits;
  /** Streams open at once; the rest wait, and the story says so. */
  readonly maxStreams: number;
  /** Size in bytes at which a node rotates log files, where it is known. */
  readonly rotatesAt: (node: string) => number | undefined;
}

/** Everything known of one container of one pod. */
interface ContainerLogs {
  readonly lives: Map<number, InstanceLife>;
  readonly firstLines: FirstLines;
  newestRestart: number;
}

/** Whole lines wait at most this long before they go to the journal. */
const FLUSH_MS = 100;

/** Follows the log of every container instance of every pod that it is shown, each exactly once. */
export class LogFollowers {
  readonly #options: LogFollowersOptions;
  readonly #slots: Slots;
  readonly #stop = new AbortController();
  readonly #pods = new Map<string, Map<string, ContainerLogs>>();
  readonly #running = new Map<StreamFollower, { readonly life: InstanceLife; readonly done: Promise<void> }>();
  readonly #open = new Set<OpenLog>();
  readonly #ticker: Promise<void>;
  #streams = 0;
  #hasQueued = false;

  constructor(options: LogFollowersOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxStreams);
    this.#ticker = this.#tick();
  }

  /** How many logs are being read now. */
  get openStreams(): number {
    return this.#open.size;
  }

  /** Takes in a state of a pod of the story: starts what is new, tells the others. */
  observe(pod: KubeObject): void {
    const states = Map.groupBy(instancesOf(pod), (state) => state.instance.container);
    for (const [container, instances] of states) this.#observeContainer(pod, container, instances);
  }

  podDeleted(podUid: string): void {
    for (const { lives } of this.#pods.get(podUid)?.values() ?? [])
      for (const life of lives.values()) life.podDeleted();
  }

  /** Resolves when every log whose container has ended was read to its end; those that still run are not waited for. */
  async settle(signal: AbortSignal): Promise<void> {
    for (;;) {
      const ending = [...this.#running.values()].filter(({ life }) => life.isOver).map(({ done }) => done);
      if (ending.length === 0 || signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => aborted.resolve(), { once: true });
      await Promise.race([Promise.all(ending), aborted.promise]);
    }
  }

  /** Ends every follower and states how far each came. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    await this.#ticker;
  }

  #observeContainer(pod: KubeObject, container: string, instances: readonly InstanceState[]): void {
    const logs = this.#containerLogs(pod.metadata.uid, container);
    const oldest = Math.min(...instances.map(({ instance }) => instance.restart));
    if (oldest > logs.newestRestart + 1) this.#stateUnseen(instances, logs.newestRestart + 1, oldest - 1);
    logs.newestRestart = Math.max(logs.newestRestart, ...instances.map(({ instance }) => instance.restart));
    const states = new Map(instances.map((state) => [state.instance.restart, state]));
    for (const [restart, life] of logs.lives) life.update(states.get(restart), logs.newestRestart);
    for (const state of instances) if (!logs.lives.has(state.instance.restart)) this.#start(pod, logs, state);
  }

  #containerLogs(podUid: string, container: string): ContainerLogs {
    const pod = this.#pods.get(podUid) ?? new Map<string, ContainerLogs>();
    this.#pods.set(podUid, pod);
    const logs = pod.get(container) ?? { lives: new Map(), firstLines: new FirstLines(), newestRestart: -1 };
    pod.set(container, logs);
    return logs;
  }

  #start(pod: KubeObject, logs: ContainerLogs, state: InstanceState): void {
    const { client, sink, clock, limits, rotatesAt } = this.#options;
    const life = new InstanceLife(state.instance, {
      state: state.state,
      startedAt: state.startedAt,
      finishedAt: state.finishedAt,
    });
    life.update(undefined, logs.newestRestart);
    logs.lives.set(state.instance.restart, life);
    const node = nodeOf(pod);
    const follower = new StreamFollower({
      life,
      client,
      sink,
      clock,
      limits,
      slots: this.#slots,
      firstLines: logs.firstLines,
      nextStream: () => this.#streams++,
      open: this.#open,
      rotatesAt: () => (node === undefined ? undefined : rotatesAt(node)),
    });
    const done = this.#follow(follower, life).finally(() => this.#running.delete(follower));
    this.#running.set(follower, { life, done });
  }

  async #follow(follower: StreamFollower, life: InstanceLife): Promise<void> {
    let end: FollowEnd;
    try {
      end = await follower.run(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) end = this.#interrupted(follower, life);
      else end = this.#failed(life, error);
    }
    const { sink, clock } = this.#options;
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'logEnd', observed, instance: life.instance, end: end.end, evidence: end.evidence });
  }

  #interrupted(follower: StreamFollower, life: InstanceLife): FollowEnd {
    if (!life.isOver && life.view.state === 'running') return follower.stillRunning();
    const evidence = 'the capture ended before this log was read to its end';
    if (life.view.state !== 'waiting') this.#gap(life.instance, 'interrupted', evidence);
    return {
      end: life.view.state === 'waiting' ? 'proven' : 'not proven',
      evidence: waitingOr(life, evidence),
      route: 'stream',
    };
  }

  /** A bug or a broken journal must not take the other logs down with it. */
  #failed(life: InstanceLife, error: unknown): FollowEnd {
    const evidence = `reading the log failed: ${messageOf(error)}`;
    this.#gap(life.instance, 'error', evidence);
    return { end: 'not proven', evidence, route: 'stream' };
  }

  #gap(instance: ContainerInstance, cause: 'interrupted' | 'error', evidence: string): void {
    const observed = timestampOf(this.#options.clock.now());
    const gap = {
      of: { container: instance },
      from: observed,
      to: observed,
      certainty: 'suspected',
      cause,
      evidence,
    } as const;
    this.#options.sink.append({ kind: 'gap', observed, gap });
  }

  /** Instances between the newest that was known and the oldest that the pod still shows: their logs are gone. */
  #stateUnseen(instances: readonly InstanceState[], first: number, last: number): void {
    const [shown] = instances.toSorted((a, b) => a.instance.restart - b.instance.restart);
    if (shown === undefined) return;
    const { sink, clock } = this.#options;
    const observed = timestampOf(clock.now());
    for (let restart = Math.max(first, last - 99); restart <= last; restart += 1) {
      const instance = { ...shown.instance, restart };
      const to = shown.startedAt ?? observed;
      const evidence = `${instanceName(instance)} had ended, and another instance after it, before its log could be asked for`;
      const gap = {
        of: { container: instance },
        from: to,
        to,
        certainty: 'known',
        cause: 'instance-gone',
        evidence,
      } as const;
      sink.append({ kind: 'gap', observed, gap });
    }
  }

  async #tick(): Promise<void> {
    const { clock, sink } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(FLUSH_MS, signal).catch(() => undefined); // rejected only by the stop
      for (const log of this.#open) {
        log.flush();
        log.decide();
      }
      if (this.#slots.waiting === 0 || this.#hasQueued) continue;
      this.#hasQueued = true;
      const text = `${this.#slots.waiting} container logs wait, because --max-log-streams allows ${this.#options.maxStreams} at once; each is read when another has ended`;
      sink.append({ kind: 'note', observed: timestampOf(clock.now()), text });
    }
  }
}

function waitingOr(life: InstanceLife, evidence: string): string {
  return life.view.state === 'waiting' ? 'the container had not started when the capture ended' : evidence;
}
