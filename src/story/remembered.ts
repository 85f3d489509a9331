import type { JournalEntry, JournalPosition } from '../journal/reader.ts';
import type { LogRecord } from '../model/record.ts';
import { StateParser } from './state-parser.ts';
import type { JournalSource } from './survey.ts';

/** Records of so many bytes, as the journal has them, are kept; in memory they take some times as much. */
const REMEMBERED_BYTES = 2 * 1024 * 1024;
/** A block of lines is known by its header. */
const HEADER_BYTES = 300;

/**
 * A journal through whose records the assembly goes twice. They are read, checked and parsed once if it is small. Of a
 * larger one the first reading, for the survey, gives brief records of objects, and both share what they parse.
 */
export class RememberedJournal implements JournalSource {
  readonly #journal: JournalSource;
  readonly #states = new StateParser();
  #isRead = false;
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
    else if (!this.#isRead) yield* this.#read();
    else {
      this.#states.isBrief = false;
      yield* this.#journal.records((json) => this.#states.parse(json));
      this.#states.clear();
    }
  }

  readLog(position: JournalPosition): Promise<LogRecord> {
    return this.#journal.readLog(position);
  }

  async *#read(): AsyncGenerator<JournalEntry> {
    const entries: JournalEntry[] = [];
    let bytes = 0;
    this.#states.isBrief = false;
    for await (const entry of this.#journal.records((json) => this.#states.parse(json))) {
      bytes += entry.record.kind === 'log' ? HEADER_BYTES : entry.position.length;
      this.#states.isBrief = bytes > REMEMBERED_BYTES;
      if (bytes <= REMEMBERED_BYTES) entries.push(entry);
      else entries.length = 0;
      yield entry;
    }
    this.#isRead = true;
    if (bytes <= REMEMBERED_BYTES) {
      this.#entries = entries;
      this.#states.clear();
    }
  }
}
