import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { RecordCursor } from './cri.ts';

/** One line of a container, joined from its records; its time is that of the first of them. */
export interface CriLine {
  readonly time: Timestamp;
  readonly stream: 'stdout' | 'stderr';
  readonly content: Buffer;
  /** Where its last record ends in the bytes that it came from. */
  readonly end: number;
}

/** A line that is not ended yet. */
interface Begun {
  readonly time: Timestamp;
  readonly parts: Buffer[];
}

/** Joins the records of one container's log into its lines, over all its blocks and files, in order. */
export class CriJoiner {
  #begun: { stdout: Begun | undefined; stderr: Begun | undefined } = { stdout: undefined, stderr: undefined };

  get hasOpenLine(): boolean {
    return this.#begun.stdout !== undefined || this.#begun.stderr !== undefined;
  }

  /** The lines that end in these whole records. */
  *lines(bytes: Buffer): Generator<CriLine> {
    const cursor = new RecordCursor(bytes);
    while (cursor.next()) {
      const time = cursor.isValid ? paddedTime(bytes, cursor.start, cursor.timeEnd) : undefined;
      if (time === undefined) continue;
      const stream = cursor.isStderr ? 'stderr' : 'stdout';
      const content = bytes.subarray(cursor.content, cursor.end);
      const begun = this.#begun[stream];
      if (cursor.isPartial) {
        if (begun === undefined) this.#begun[stream] = { time, parts: [content] };
        else begun.parts.push(content);
      } else if (begun === undefined) yield { time, stream, content, end: cursor.end + 1 };
      else {
        this.#begun[stream] = undefined;
        yield { time: begun.time, stream, content: Buffer.concat([...begun.parts, content]), end: cursor.end + 1 };
      }
    }
  }

  /** The lines that were begun and never ended: whole only where the log itself ends. */
  *rest(): Generator<Omit<CriLine, 'end'>> {
    const { stdout, stderr } = this.#begun;
    this.#begun = { stdout: undefined, stderr: undefined };
    if (stdout !== undefined) yield { time: stdout.time, stream: 'stdout', content: Buffer.concat(stdout.parts) };
    if (stderr !== undefined) yield { time: stderr.time, stream: 'stderr', content: Buffer.concat(stderr.parts) };
  }
}

/** The same lines as the pod log API gives them with timestamps: `TIME CONTENT\n`, times padded to nine digits. */
export function asTimestamped(joiner: CriJoiner, bytes: Buffer): { readonly bytes: Buffer; readonly lines: number } {
  const parts: Buffer[] = [];
  let lines = 0;
  for (const { time, content } of joiner.lines(bytes)) {
    parts.push(Buffer.from(`${time} `, 'latin1'), content, NEWLINE);
    lines += 1;
  }
  return { bytes: Buffer.concat(parts), lines };
}

const NEWLINE = Buffer.from('\n');
const USUAL_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{1,9}Z$/;

/** containerd's and the kubelet's usual forms are padded without being taken apart. */
function paddedTime(bytes: Buffer, start: number, end: number): Timestamp | undefined {
  const text = bytes.toString('latin1', start, end);
  // A crash may leave what only looks like a time; the count of records, too, takes none of it.
  if (!USUAL_TIME.test(text)) return parseTimestamp(text);
  if (text.length === 30) return text as Timestamp;
  return `${text.slice(0, -1).padEnd(29, '0')}Z` as Timestamp;
}
