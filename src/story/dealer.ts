import { DocumentText } from './document-text.ts';
import type { EntrySink } from './merge.ts';
import { isBefore, type Place } from './order.ts';
import { afterLine, HEADER, LineHeaders } from './part-format.ts';
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
  #headers: LineHeaders;

  constructor(cuts: readonly Place[], parts: readonly PartWriter[]) {
    this.text = new DocumentText(() => Promise.reject(new Error('lines are dealt out, not written')));
    this.#cuts = cuts;
    this.#parts = parts;
    this.#memory = this.text.bytes;
    this.#headers = new LineHeaders(this.#memory);
  }

  /** Never within a line, whose length stands before it. */
  get isFull(): boolean {
    return this.text.isFull && !this.#isInLine;
  }

  entry(): never {
    throw new Error('only logs are dealt out');
  }

  beginLine(container: number, place: Place): void {
    const { text } = this;
    if (!this.#isOfPart(place)) this.#goTo(place);
    this.#parts[this.#part]?.countLine(place);
    this.#isInLine = true;
    this.#start = text.length;
    text.room(HEADER);
    this.#headersOf(text.bytes).put(this.#start, container, place);
    text.length += HEADER;
  }

  endLine(): void {
    const { text } = this;
    const length = text.length - this.#start - HEADER;
    this.#isInLine = false;
    this.#headersOf(text.bytes).putLength(this.#start, length);
    const end = afterLine(this.#start, length);
    text.room(end - text.length);
    text.length = end;
  }

  async flush(): Promise<void> {
    this.#hand();
  }

  /** Writes all that was dealt out. */
  end(): void {
    this.#hand();
    for (const part of this.#parts) part.end();
  }

  /** The memory of the text is another one after a long line. */
  #headersOf(memory: Buffer): LineHeaders {
    if (memory === this.#memory) return this.#headers;
    this.#memory = memory;
    this.#headers = new LineHeaders(memory);
    return this.#headers;
  }

  #isOfPart(place: Place): boolean {
    const [from, to] = [this.#cuts[this.#part - 1], this.#cuts[this.#part]];
    return (from === undefined || !isBefore(place, from)) && (to === undefined || isBefore(place, to));
  }

  #goTo(place: Place): void {
    this.#hand();
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
