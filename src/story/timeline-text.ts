import { KEPT } from '../verdict/last-lines.ts';
import type { DocumentText } from './document-text.ts';
import type { Examination } from './examine.ts';
import { TIME_BYTES } from './line-time.ts';
import type { EntrySink, LineHead } from './merge.ts';
import type { MadeEntry } from './prepared.ts';

const NINE = 57;
const ZERO = 48;
/** Of a log line. */
const END = Buffer.from('"}');

/**
 * Writes the entries of the timeline, one a line, and numbers them. The verdict sees each on its way; of a run of lines of
 * one container only the last.
 */
export class TimelineText implements EntrySink {
  readonly text: DocumentText;
  readonly #examination: Examination;
  /** Of other containers no line is shown to it. */
  readonly #examined: ReadonlySet<number>;
  #seq = 0;
  /** How the next entry begins: `,\n{"seq":N,`. */
  #beginning = Buffer.from('\n{"seq":0,');
  /** Where the run's last lines begin and end in the text. */
  readonly #starts = new Float64Array(KEPT);
  readonly #ends = new Float64Array(KEPT);
  #container = -1;
  #lines = 0;
  /** Within a line; `told`: whose beginning was shown, because the text goes on without it. */
  #line: 'none' | 'begun' | 'told' = 'none';

  constructor(text: DocumentText, { of, examination }: { of: ReadonlySet<number>; examination: Examination }) {
    this.text = text;
    this.#examination = examination;
    this.#examined = of;
  }

  get isFull(): boolean {
    return this.text.isFull;
  }

  entry(json: string, made: MadeEntry | undefined): void {
    this.#endRun();
    if (made === undefined) this.#examination.takeJson(`{"seq":${this.#seq},${json}`);
    else this.#examination.takeMade(this.#seq, made);
    this.#begin();
    this.text.addText(json);
    this.#count();
  }

  beginLine({ container, time, timeAt, about, aboutAt, aboutEnd }: LineHead): void {
    if (container !== this.#container) this.#endRun();
    this.#container = container;
    this.#begin();
    this.#starts[this.#lines % KEPT] = this.text.length;
    this.#line = 'begun';
    this.text.addBytes(time, timeAt, timeAt + TIME_BYTES);
    this.text.addBytes(about, aboutAt, aboutEnd);
  }

  endLine(): void {
    this.text.addBytes(END, 0, END.length);
    this.#ends[this.#lines % KEPT] = this.text.length;
    if (this.#line === 'begun') this.#lines += 1;
    this.#line = 'none';
    this.#count();
  }

  flush(): Promise<void> {
    const start = this.#starts[this.#lines % KEPT] ?? 0;
    this.#endRun();
    if (this.#line === 'begun') this.#tellBeginning(start);
    return this.text.flush();
  }

  #endRun(): void {
    const isExamined = this.#lines > 0 && this.#examined.has(this.#container);
    for (let line = Math.max(0, this.#lines - KEPT); isExamined && line < this.#lines; line += 1) {
      const [from = 0, to = 0] = [this.#starts[line % KEPT], this.#ends[line % KEPT]];
      this.#examination.takeLine(this.#container, this.#seq - this.#lines + line, this.text.bytes, from, to);
    }
    this.#lines = 0;
  }

  /** Of a line that goes on in the next piece of the text. */
  #tellBeginning(start: number): void {
    const { bytes, length } = this.text;
    if (this.#examined.has(this.#container))
      this.#examination.takeLine(this.#container, this.#seq, bytes, start, length);
    this.#line = 'told';
  }

  #begin(): void {
    this.text.addBytes(this.#beginning, 0, this.#beginning.length);
  }

  /** Counts in decimal where the number stands: to write it anew for each line would take as long as the rest of it. */
  #count(): void {
    this.#seq += 1;
    const beginning = this.#beginning;
    let at = beginning.length - 2;
    while (beginning[at] === NINE) beginning[at--] = ZERO;
    const digit = beginning[at] ?? 0;
    if (this.#seq > 1 && digit >= ZERO && digit < NINE) beginning[at] = digit + 1;
    else this.#beginning = Buffer.from(`,\n{"seq":${this.#seq},`);
  }
}
