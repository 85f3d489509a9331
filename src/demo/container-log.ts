import { type Clock, type Timestamp, timestampOf } from '../model/time.ts';
import { Waiters } from '../model/waiters.ts';
import type { LogFile, OutputStream } from './log-file.ts';
import type { LogFolder } from './log-folder.ts';

/** A line as the container wrote it. */
export interface WrittenLine {
  readonly time: Timestamp;
  readonly stream: OutputStream;
  readonly text: Buffer;
}

/** What a rotation leaves in the air, as containerd does: it closes the old pipe some time after the new file is there. */
export interface RotationRemains {
  /** Lines that still come into the file that was moved aside. */
  readonly lines: number;
  /** Bytes of the line after those that do, as a partial record; 0: none. */
  readonly head: number;
}

/** The runtime cuts a line into records of this size. */
const RECORD_BYTES = 16_384;
/** No kubelet looks at its files more often: `containerLogMonitorInterval` is at least that long. */
const LEAST_INTERVAL_MS = 3000;
/** The old file's pipe is closed well within this time. */
const OLD_PIPE_MS = 1000;

/** The log of one run of a container: everything that was written, and the file that it goes to. */
export class ContainerLog {
  readonly restart: number;
  readonly lines: WrittenLine[] = [];
  /** The container has ended and waits to be started again. */
  isToBeReplaced = false;
  readonly #clock: Clock;
  readonly #folder: LogFolder;
  #file: LogFile;
  #generation = 0;
  #late: { readonly file: LogFile; lines: number; readonly head: number; readonly until: number } | undefined;
  #isEnded = false;
  #isRemoved = false;
  #isKept = true;
  #rotations = 0;
  #movedAt = Number.NEGATIVE_INFINITY;
  readonly #waiters = new Waiters();
  #last = 0;

  constructor(clock: Clock, folder: LogFolder, restart: number) {
    this.#clock = clock;
    this.#folder = folder;
    this.restart = restart;
    this.#file = folder.create(restart);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Its files are gone from the disk. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** How often a file was moved aside. */
  get rotations(): number {
    return this.#rotations;
  }

  /** Everything that it ever wrote is on the disk. */
  get isKept(): boolean {
    return !this.#isRemoved && this.#isKept;
  }

  /** Whether the kubelet would rotate its file now. */
  isDue(maxBytes: number): boolean {
    const isSoon = this.#clock.now() - this.#movedAt < LEAST_INTERVAL_MS;
    return !this.#isEnded && !this.#isRemoved && !isSoon && this.#file.size >= maxBytes;
  }

  /** What `N.log` is now. */
  get file(): LogFile {
    return this.#file;
  }

  /** How often `N.log` came to be, whatever file it was: what a watcher of the folder hears of. */
  get generation(): number {
    return this.#generation;
  }

  write(line: string | Buffer, stream: OutputStream = 'stdout'): void {
    const text = Buffer.from(line);
    this.lines.push({ time: this.#now(), stream, text });
    if (this.#clock.now() > (this.#late?.until ?? 0)) this.#late = undefined;
    const late = this.#late;
    if (late === undefined) this.#append(this.#file, text, stream);
    else if (late.lines > 0) {
      late.lines -= 1;
      this.#append(late.file, text, stream);
    } else {
      this.#late = undefined;
      this.#append(this.#file, this.#leaveHead(late, text, stream), stream);
    }
    this.#waiters.wake();
  }

  /** The container has terminated: who follows comes to the end. */
  end(): void {
    this.#isEnded = true;
    this.#waiters.wake();
  }

  /** Moves the file aside and begins a new one. */
  rotate(maxFiles: number, remains: RotationRemains = { lines: 0, head: 0 }): void {
    const old = this.#file;
    this.#moveAside(stampOf(this.#clock.now()), maxFiles);
    this.#rotations += 1;
    this.#file = this.#folder.create(this.restart);
    this.#late = { file: old, until: this.#clock.now() + OLD_PIPE_MS, ...remains };
    this.#recreated();
  }

  /** A rotation that fails: the file is moved aside and back, and whoever watches the folder sees it appear anew. */
  rotateInVain(maxFiles: number): void {
    const stamp = stampOf(this.#clock.now());
    this.#moveAside(stamp, maxFiles);
    this.#folder.undoRotation(this.restart, stamp);
    this.#recreated();
  }

  /** Takes its files off the disk; who holds one open still reads it. */
  remove(): void {
    this.#isRemoved = true;
    this.#folder.remove(this.restart);
    this.#waiters.wake();
  }

  /** Resolves at the next change of its file, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#waiters.wait(signal);
  }

  #moveAside(stamp: string, maxFiles: number): void {
    const isComplete = this.#folder.rotate(this.restart, stamp, maxFiles);
    this.#isKept &&= isComplete;
    this.#movedAt = this.#clock.now();
  }

  /** The line that was on its way when the file was moved aside: its beginning stays there. Returns the rest. */
  #leaveHead(late: { readonly file: LogFile; readonly head: number }, text: Buffer, stream: OutputStream): Buffer {
    if (late.head === 0) return text;
    late.file.append({ time: this.#stamp(), stream, isPartial: true, content: text.subarray(0, late.head) });
    this.#now();
    return text.subarray(late.head);
  }

  #append(file: LogFile, text: Buffer, stream: OutputStream): void {
    for (let from = 0; from === 0 || from < text.length; from += RECORD_BYTES) {
      const content = text.subarray(from, from + RECORD_BYTES);
      file.append({ time: this.#stamp(), stream, isPartial: from + RECORD_BYTES < text.length, content });
    }
  }

  /** Two lines of one writer never have the same microsecond. */
  #now(): Timestamp {
    this.#last = Math.max(this.#clock.now(), this.#last + 0.001);
    return this.#stamp();
  }

  #stamp(): Timestamp {
    return timestampOf(this.#last);
  }

  #recreated(): void {
    this.#generation += 1;
    this.#waiters.wake();
  }
}

/** `20261123-163550`, in UTC. */
function stampOf(milliseconds: number): string {
  const [date = '', time = ''] = new Date(milliseconds).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
