import type { FileTimes } from '../kube/node-files.ts';
import { type Clock, millisecondsOf, type Timestamp } from '../model/time.ts';
import type { FileLog } from './file-log.ts';
import type { InstanceLife } from './life.ts';
import type { Seam } from './seam.ts';
import type { FollowEnd } from './sink.ts';
import type { StreamTail } from './stream-tail.ts';
import type { LogWitness } from './witness.ts';

export interface FileEndOptions {
  readonly life: InstanceLife;
  readonly clock: Clock;
  /** Size at which the node rotates a log file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
  readonly log: FileLog;
  readonly seam: Seam;
  readonly witness: LogWitness;
}

/** A log that has ended is read to its end twice, at least so far apart; where its files are about to go, sooner. */
const STILL_MS = 1000;
const STILL_LEAVING_MS = 150;
/** Or it had been still for as long when it was read: see `#ageMs`. */
const AGED_MS = 2000;
/** So many seconds in which a log was read are remembered; its container's end is told sooner. */
const MOST_SECONDS = 10;
/** A deleted pod's container that was never seen to end is given up after as long without a change. */
const DELETED_MS = 5000;
/** The kubelet ends a follow stream at most this long after the container's end. */
const STREAM_END_MS = 3000;

/**
 * Proves the end of a log that is read from files: by two readings that show the same, by one of a file that nobody had
 * written to for long enough, or by the stream beside them.
 *
 * What may still come when a container is seen to have terminated: containerd reports that only after its pipes were
 * copied to the last byte (`handleContainerExit`: `task.Delete` waits for the copying), but to its log writer, of which
 * nobody waits to see that it has written down its last 4 KiB of each stream (`redirectLogs`). That takes as long as the
 * scheduler and the disk make it, usually microseconds; no word of the node tells its end, so it is given time.
 */
export class FileEnd {
  readonly #options: FileEndOptions;
  #still: { readonly mark: string; readonly at: number } | undefined;
  /** Readings to the end that showed the same, the first one of each second of the node's clock, whatever was known then. */
  #same: { readonly mark: string; readonly readings: { readonly at: number; readonly nodeMs: number }[] } | undefined;
  #readAt = 0;
  /** Of the file, as the last reading to its end began. */
  #times: FileTimes | undefined;

  constructor(options: FileEndOptions) {
    this.#options = options;
  }

  /** The files were read to their end from `at` on; when the container ends may be told later than they can be read. */
  wasRead(at: number): void {
    const { mark, times } = this.#options.log;
    if (this.#same?.mark !== mark) this.#same = { mark, readings: [] };
    this.#readAt = at;
    this.#times = times;
    const { readings } = this.#same;
    if (times === undefined || readings.at(-1)?.nodeMs === times.opened) return;
    readings.push({ at, nodeMs: times.opened });
    if (readings.length > MOST_SECONDS) readings.shift();
  }

  /** After a reading to the end of the files that began at `at`, when the container was over: undefined to read again. */
  afterReading(at: number): FollowEnd | undefined {
    const { life, log, seam, witness } = this.#options;
    const { mark, file } = log;
    if (this.#still?.mark !== mark) this.#still = { mark, at };
    const stillMs = at - this.#still.at;
    const hasEnded = life.view.state === 'terminated' || life.reach !== 'gone' || !life.isPodDeleted;
    const isStill = stillMs >= (life.isLeaving ? STILL_LEAVING_MS : STILL_MS) || this.#ageMs >= AGED_MS;
    if (!isStill) return undefined;
    if (!hasEnded && stillMs < DELETED_MS) return undefined;
    seam.finish(log);
    if (hasEnded) return this.proven(`terminated, then read to the end of ${file}`);
    const evidence = 'the pod was deleted before its container was seen to end';
    return witness.unproven(`${evidence}; read to the end of ${file}`, log.rotations);
  }

  /**
   * How long nothing had been written to the file before it was read last, since its container's end, at the least. All
   * three times are of one clock, the node's (whose kubelet answers, whose kernel dates files, whose runtime dates ends),
   * whatever the time here; each is cut to whole seconds. 0 where anything of it is not known.
   */
  get #ageMs(): number {
    const { state, finishedAt } = this.#options.life.view;
    const times = this.#times;
    if (times === undefined || state !== 'terminated' || finishedAt === undefined) return 0;
    return times.opened - Math.max(times.modified, millisecondsOf(finishedAt)) - 1000;
  }

  /** The files were removed: what is known of the log's end? Undefined: nothing, and nothing more can be. */
  async afterRemoval(signal: AbortSignal): Promise<FollowEnd | undefined> {
    const { life, log, seam } = this.#options;
    if (
      life.view.state === 'terminated' &&
      (this.#still !== undefined || this.#wasReadAfterEnd || this.#ageMs >= STILL_MS)
    ) {
      seam.finish(log);
      return this.proven(`terminated, then read to the end of ${log.file}, which was removed then`);
    }
    const { stream } = seam;
    if (stream !== undefined) await this.#endOf(stream, signal);
    seam.giveBack();
    const last = [seam.stream, seam.endedStream].find((one) => one !== undefined && this.#sawEnd(one));
    return last === undefined ? undefined : this.#byStream(last);
  }

  /**
   * Two readings showed the same, the first of them in a later second of the node's clock than that of the container's end.
   * They say more than the stream beside them, which somebody else may have ended in that second.
   */
  get #wasReadAfterEnd(): boolean {
    const { finishedAt } = this.#options.life.view;
    if (finishedAt === undefined) return false;
    const after = millisecondsOf(finishedAt) + 1000;
    const first = this.#same?.readings.find(({ nodeMs }) => nodeMs >= after);
    return first !== undefined && this.#readAt - first.at >= STILL_LEAVING_MS;
  }

  /** Nothing is missing, unless a gap says so. */
  proven(evidence: string): FollowEnd {
    this.#options.seam.stateLost();
    return this.#options.witness.proven(evidence, this.#options.log.rotations);
  }

  /**
   * Up to here nothing is missing: what a stream brought behind the file's last proven line follows on it, unless the file may
   * have been rotated meanwhile.
   */
  get wholeUpTo(): Timestamp | undefined {
    const { seam } = this.#options;
    return seam.stream !== undefined && this.#isOfOneFile(seam.stream) ? seam.last : seam.proven;
  }

  /**
   * A stream also ends with the kubelet or the way to it: only its end after the container's proves anything, which is told
   * in whole seconds. Of one whose end is the kubelet's own word it is enough that it is of this second.
   */
  #sawEnd(stream: StreamTail): boolean {
    const { finishedAt } = this.#options.life.view;
    if (!stream.hasEndedWell || finishedAt === undefined) return false;
    const [ended, finished] = [stream.endedAt.slice(0, 19), finishedAt.slice(0, 19)];
    return stream.isFirstHand ? ended >= finished : ended > finished;
  }

  #byStream(stream: StreamTail): FollowEnd {
    const { log, seam, witness } = this.#options;
    const evidence = 'its stream ended by itself after the container had';
    if (this.#isOfOneFile(stream)) return this.proven(evidence);
    const doubt = `${evidence}; since the last line that was found in it the file may have been rotated`;
    witness.gap('rotation', doubt, { certainty: 'suspected', after: seam.proven });
    return witness.unproven(doubt, log.rotations);
  }

  /** All that it brought since the last proof stands in the file in which that was found. */
  #isOfOneFile(stream: StreamTail): boolean {
    const { log, rotatesAt } = this.#options;
    const limit = rotatesAt();
    // Records have up to 16 bytes more in the file than their lines on the stream, and 64 where a line is split.
    const size = log.offset + stream.stretch.bytes * 1.01 + stream.stretch.lines * 16;
    return limit !== undefined && size < limit;
  }

  async #endOf(stream: StreamTail, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + STREAM_END_MS;
    while (stream.isAlive && clock.now() < until) await clock.sleep(50, signal);
    stream.flush();
  }
}
