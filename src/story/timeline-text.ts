import type { Written } from '../simd/line-window.ts';
import { KEPT } from '../verdict/last-lines.ts';
import type { DocumentText } from './document-text.ts';
import type { Examination } from './examine.ts';
import { TIME_BYTES } from './line-time.ts';
import type { EntrySink, LineBatch, LineHead } from './merge.ts';
import type { MadeEntry } from './prepared.ts';

const NINE = 57;
const ZERO = 48;
const NEWLINE = 10;
/** What stands around the number in how an entry begins. */
const AROUND_SEQ = ',\n{"seq":,'.length;
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
  #container = -1;
  /** Of the run. */
  #lines = 0;
  /** Where the line that was begun last begins in the text, or what was taken at once, behind its number, and where the run ends. */
  #start = 0;
  #end = 0;
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
    this.#start = this.text.length;
    this.#line = 'begun';
    this.text.addBytes(time, timeAt, timeAt + TIME_BYTES);
    this.text.addBytes(about, aboutAt, aboutEnd);
  }

  endLine(): void {
    this.text.addBytes(END, 0, END.length);
    this.#end = this.text.length;
    if (this.#line === 'begun') this.#lines += 1;
    this.#line = 'none';
    this.#count();
  }

  takeLines(container: number, write: LineBatch): Written | undefined {
    if (this.#seq === 0) return undefined; // how it begins is said of no other
    if (container !== this.#container) this.#endRun();
    this.#container = container;
    // Where the number of digits grows, an entry is begun by itself.
    const digits = this.#beginning.length - AROUND_SEQ;
    const written = write(this.#beginning, 10 ** digits - 1 - this.#seq);
    if (written === undefined) return undefined;
    this.#start = this.text.length + digits + AROUND_SEQ;
    this.text.addBytes(written.bytes, 0, written.bytes.length);
    this.#end = this.text.length;
    this.#lines += written.lines;
    this.#seq += written.lines;
    return written;
  }

  flush(): Promise<void> {
    this.#endRun();
    if (this.#line === 'begun') this.#tellBeginning(this.#start);
    return this.text.flush();
  }

  #endRun(): void {
    if (this.#examined.has(this.#container)) this.#tellRun();
    this.#lines = 0;
  }

  /** Entries have a line each: the last ones are found again from their end. Where logs alternate, a run is one line. */
  #tellRun(): void {
    const { bytes } = this.text;
    if (this.#lines === 1) {
      this.#examination.takeLine(this.#container, this.#seq - 1, bytes, this.#start, this.#end);
      return;
    }
    const places: { seq: number; start: number; end: number }[] = [];
    for (let end = this.#end; places.length < Math.min(this.#lines, KEPT); ) {
      const seq = this.#seq - 1 - places.length;
      const newline = bytes.lastIndexOf(NEWLINE, end - 1);
      places.push({ seq, start: newline + `\n{"seq":${seq},`.length, end });
      end = newline - 1; // behind the comma
    }
    for (const { seq, start, end } of places.reverse())
      this.#examination.takeLine(this.#container, seq, bytes, start, end);
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
