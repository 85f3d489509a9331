import { DocumentText } from './document-text.ts';
import { TIME_BYTES } from './line-time.ts';
import type { EntrySink, LineHead } from './merge.ts';
import { isBefore, type Place } from './order.ts';
import { afterRecord, HEADER, RecordHeaders } from './part-format.ts';
import type { PartWriter } from './part-writer.ts';

/** Deals the lines of logs, one log after the other, out to parts by their place: part 0 up to the first cut, and so on. */
export class Dealer implements EntrySink {
  /** A stretch of lines that go to the same part. */
  readonly text: DocumentText;
  readonly #cuts: readonly Place[];
  readonly #parts: readonly PartWriter[];
  #part = 0;
  #start = 0;
  #isInLine = false;
  #memory: Buffer;
  #headers: RecordHeaders;
  /** What was said last to the part. */
  #about: Pick<LineHead, 'about' | 'aboutAt'> | undefined;

  constructor(cuts: readonly Place[], parts: readonly PartWriter[]) {
    this.text = new DocumentText(() => Promise.reject(new Error('lines are dealt out, not written')));
    this.#cuts = cuts;
    this.#parts = parts;
    this.#memory = this.text.bytes;
    this.#headers = new RecordHeaders(this.#memory);
  }

  /** Never within a line, whose length stands before it. */
  get isFull(): boolean {
    return this.text.isFull && !this.#isInLine;
  }

  entry(): never {
    throw new Error('only logs are dealt out');
  }

  beginLine(head: LineHead): void {
    const { time, timeAt, about, aboutAt } = head;
    if (!this.#isOfPart(head)) this.#goTo(head);
    this.#parts[this.#part]?.countLine(head);
    if (about !== this.#about?.about || aboutAt !== this.#about.aboutAt) this.#putAbout(head);
    this.#isInLine = true;
    this.#begin().putLine(this.#start, head);
    this.text.addBytes(time, timeAt, timeAt + TIME_BYTES);
  }

  endLine(): void {
    this.#isInLine = false;
    this.#end();
  }

  takeLines(): undefined {
    return undefined;
  }

  async flush(): Promise<void> {
    this.#hand();
  }

  /** Writes all that was dealt out. */
  end(): void {
    this.#hand();
    for (const part of this.#parts) part.end();
  }

  #putAbout({ order, about, aboutAt, aboutEnd }: LineHead): void {
    this.#about = { about, aboutAt };
    this.#begin().putAbout(this.#start, order);
    this.text.addBytes(about, aboutAt, aboutEnd);
    this.#end();
  }

  #begin(): RecordHeaders {
    const { text } = this;
    this.#start = text.length;
    text.room(HEADER);
    text.length += HEADER;
    return this.#headersOf(text.bytes);
  }

  #end(): void {
    const { text } = this;
    const length = text.length - this.#start - HEADER;
    this.#headersOf(text.bytes).putLength(this.#start, length);
    const end = afterRecord(this.#start, length);
    text.room(end - text.length);
    text.length = end;
  }

  /** The memory of the text is another one after a long line. */
  #headersOf(memory: Buffer): RecordHeaders {
    if (memory === this.#memory) return this.#headers;
    this.#memory = memory;
    this.#headers = new RecordHeaders(memory);
    return this.#headers;
  }

  #isOfPart(place: Place): boolean {
    const [from, to] = [this.#cuts[this.#part - 1], this.#cuts[this.#part]];
    return (from === undefined || !isBefore(place, from)) && (to === undefined || isBefore(place, to));
  }

  #goTo(place: Place): void {
    this.#hand();
    this.#about = undefined;
    let [low, high] = [0, this.#cuts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const cut = this.#cuts[middle];
      if (cut !== undefined && isBefore(place, cut)) high = middle;
      else low = middle + 1;
    }
    this.#part = low;
  }

  /** Hands the stretch to its part. */
  #hand(): void {
    this.#parts[this.#part]?.take(this.text.bytes, this.text.length);
    this.text.length = 0;
  }
}
