import type { JournalEntry, JournalPosition } from '../journal/reader.ts';
import type { LogRecord } from '../model/record.ts';
import type { JournalSource } from './survey.ts';

/** Records of so many bytes, as the journal has them, are kept; in memory they take some times as much. */
const REMEMBERED_BYTES = 2 * 1024 * 1024;
/** A block of lines is known by its header. */
const HEADER_BYTES = 300;

/** A journal whose records are read, checked and parsed once though the assembly goes through them twice, if it is small. */
export class RememberedJournal implements JournalSource {
  readonly #journal: JournalSource;
  #entries: readonly JournalEntry[] | undefined;

  constructor(journal: JournalSource) {
    this.#journal = journal;
  }

  get damage(): JournalSource['damage'] {
    return this.#journal.damage;
  }

  async *records(): AsyncGenerator<JournalEntry> {
    const known = this.#entries;
    this.#entries = undefined; // nobody reads a third time
    if (known !== undefined) yield* known;
    else yield* this.#read();
  }

  readLog(position: JournalPosition): Promise<LogRecord> {
    return this.#journal.readLog(position);
  }

  async *#read(): AsyncGenerator<JournalEntry> {
    const entries: JournalEntry[] = [];
    let bytes = 0;
    for await (const entry of this.#journal.records()) {
      bytes += entry.record.kind === 'log' ? HEADER_BYTES : entry.position.length;
      if (bytes <= REMEMBERED_BYTES) entries.push(entry);
      else entries.length = 0;
      yield entry;
    }
    if (bytes <= REMEMBERED_BYTES) this.#entries = entries;
  }
}
