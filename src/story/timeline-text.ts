import { bytesText, type DocumentText } from './document-text.ts';
import type { Examination } from './examine.ts';
import type { EntrySink } from './merge.ts';

/** Writes the entries of the timeline, one a line, and numbers them; the verdict sees each on its way. */
export class TimelineText implements EntrySink {
  readonly #text: DocumentText;
  readonly #examination: Examination;
  #seq = 0;

  constructor(text: DocumentText, examination: Examination) {
    this.#text = text;
    this.#examination = examination;
  }

  get isFull(): boolean {
    return this.#text.isFull;
  }

  entry(json: string): void {
    this.#examination.takeJson(`{"seq":${this.#seq},${json}`);
    this.#add(bytesText(json));
  }

  line(container: number, json: string): void {
    this.#examination.takeLine(container, this.#seq, json);
    this.#add(json);
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  #add(json: string): void {
    this.#text.addBytes(`${this.#seq === 0 ? '\n' : ',\n'}{"seq":${this.#seq},${json}`);
    this.#seq += 1;
  }
}
