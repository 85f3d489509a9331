import type { KubeClient } from '../kube/client.ts';
import { Branch } from '../model/branch.ts';
import type { ContainerInstance } from '../model/instance.ts';
import type { Clock, Timestamp } from '../model/time.ts';
import { Waiters } from '../model/waiters.ts';
import { within } from '../model/within.ts';
import type { InstanceLife, Reach } from './life.ts';
import { timeOf } from './lines.ts';
import type { StreamProof } from './stream-proof.ts';

export interface FileWatchOptions {
  readonly client: Pick<KubeClient, 'logs'>;
  readonly life: InstanceLife;
  readonly clock: Clock;
  readonly proof: StreamProof;
  readonly reach: Exclude<Reach, 'gone'>;
  /** The stream has stopped at a file that is not written to any more. */
  readonly isStuck: () => void;
}

/** More often than the kubelet rotates, which is every 10 s at most by default. */
const LOOK_MS = 4000;
const MAX_LOOK_MS = 60_000;
/** More than a time. */
const FIRST_LINE_BYTES = 64;

/**
 * Looks now and then which file the node writes to, beside a stream that shows one that may have been rotated. Nothing is
 * asked while a file cannot have grown so large.
 */
export class FileWatch implements Disposable {
  readonly #options: FileWatchOptions;
  readonly #life: Branch;
  readonly #waiters = new Waiters();
  /** Something came since the last look began. */
  #isHeard = false;

  constructor(options: FileWatchOptions, signal: AbortSignal) {
    this.#options = options;
    this.#life = new Branch(signal);
    if (options.reach === 'current') void this.#watch(this.#life.signal);
  }

  [Symbol.dispose](): void {
    this.#life[Symbol.dispose]();
  }

  /** Something came. */
  heard(): void {
    this.#isHeard = true;
    this.#waiters.wake();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { life, proof, isStuck } = this.#options;
    for (let ms = this.#firstMs(); ; ) {
      const before = proof.last;
      const wasBehind = proof.isBehind;
      await this.#rest(ms, signal);
      if (signal.aborted || life.isOver) return;
      const isIdle = !this.#isHeard && proof.last === before;
      this.#isHeard = false; // what comes from here on may be of another file than the one that is looked at
      if (wasBehind && isIdle) return isStuck();
      ms = isIdle && !proof.isBehind ? Math.min(MAX_LOOK_MS, Math.max(LOOK_MS, ms * 2)) : LOOK_MS;
      if (!proof.mayHaveRotated) continue;
      const first = await firstTimeOf({ ...this.#options, of: life.instance }, signal);
      if (first !== undefined && !signal.aborted && !life.isOver) proof.saw(first);
    }
  }

  /** Of an earlier stream the file may not have been looked at for a while. */
  #firstMs(): number {
    const { clock, proof } = this.#options;
    if (proof.isBehind || proof.sureAt === undefined) return LOOK_MS;
    return Math.min(LOOK_MS, Math.max(0, proof.sureAt + LOOK_MS - clock.now()));
  }

  /** What comes ends a long rest: its file may be another one. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(Math.min(ms, LOOK_MS), signal).catch(() => undefined); // rejected only by the end
    if (ms > LOOK_MS && !this.#isHeard)
      await within(ms - LOOK_MS, (either) => this.#waiters.wait(either), { clock, signal });
  }
}

/** The time of the first line of the file that a run's log is written to now; undefined where it cannot be known. */
export async function firstTimeOf(
  at: {
    readonly client: Pick<KubeClient, 'logs'>;
    readonly of: ContainerInstance;
    readonly reach: Exclude<Reach, 'gone'>;
  },
  signal: AbortSignal,
): Promise<Timestamp | undefined> {
  const { namespace, pod, container } = at.of;
  const previous = at.reach === 'previous' ? { previous: true } : {};
  try {
    const beginning = { namespace, pod, container, ...previous, limitBytes: FIRST_LINE_BYTES };
    await using bytes = await at.client.logs(beginning, signal);
    for await (const chunk of bytes) return timeOf(chunk);
  } catch {
    return undefined; // whatever it is, the file's beginning stays unknown
  }
  return undefined;
}
