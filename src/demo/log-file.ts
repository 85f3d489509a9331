import type { Timestamp } from '../model/time.ts';

export type OutputStream = 'stdout' | 'stderr';

/** One record of a log file; a partial one goes on in the next. */
export interface FileRecord {
  readonly time: Timestamp;
  readonly stream: OutputStream;
  readonly isPartial: boolean;
  readonly content: Buffer;
}

/** A log file on a node's disk. Who holds it reads on after it was renamed or removed, as one does with an inode. */
export class LogFile {
  readonly records: FileRecord[] = [];
  #chunks: Buffer[] = [];
  #size = 0;

  /** When it was last written to. */
  get modified(): Timestamp | undefined {
    return this.records.at(-1)?.time;
  }

  get size(): number {
    return this.#size;
  }

  append(record: FileRecord): void {
    const { time, stream, isPartial, content } = record;
    const head = Buffer.from(`${trimmed(time)} ${stream} ${isPartial ? 'P' : 'F'} `);
    const bytes = Buffer.concat([head, content, NEWLINE]);
    this.records.push(record);
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  /** All that it holds now. */
  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? EMPTY;
  }
}

const NEWLINE = Buffer.from('\n');
const EMPTY = Buffer.alloc(0);

/** containerd writes times as Go's RFC3339Nano: without the zeros at the end. */
function trimmed(time: Timestamp): string {
  const digits = time.slice(0, -1).replace(/0+$/, '');
  return `${digits.endsWith('.') ? digits.slice(0, -1) : digits}Z`;
}
