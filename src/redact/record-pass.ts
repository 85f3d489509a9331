import { instanceKey } from '../model/instance.ts';
import type { FilePosition, JournalRecord, LogRecord } from '../model/record.ts';
import { type CredentialPattern, LineRedactor } from './log-lines.ts';
import { markerOf, type Output } from './open-lines.ts';
import { replaceCredentials, replacePatterns } from './text.ts';

/**
 * The way of all records to the journal, in their order. A container run's lines are one text, whichever streams bring
 * them: a private key that begins in one may end in the next.
 */
export class RecordPass {
  readonly #patterns: readonly CredentialPattern[];
  readonly #instances = new Map<number, string>();
  readonly #lines = new Map<string, LineRedactor>();

  constructor(patterns: readonly CredentialPattern[]) {
    this.#patterns = patterns;
  }

  take(record: JournalRecord): JournalRecord {
    switch (record.kind) {
      case 'log':
        return this.#log(record);
      case 'streamOpened':
        this.#instances.set(record.stream, instanceKey(record.instance));
        return record;
      case 'logEnd':
        this.#lines.delete(instanceKey(record.instance));
        return { ...record, evidence: this.#text(record.evidence) };
      case 'note':
        return { ...record, text: this.#text(record.text) };
      case 'doubted':
        return record.error === undefined ? record : { ...record, error: this.#text(record.error) };
      case 'gap':
        return { ...record, gap: { ...record.gap, evidence: this.#text(record.gap.evidence) } };
      default:
        return record;
    }
  }

  #log(record: LogRecord): LogRecord {
    const found = this.#redactorOf(record.stream).redact(record);
    if (found === undefined) return record;
    const { pieces, redacted: markers, shortened, shortenedOpen } = found;
    const { position } = record;
    let whole: Buffer | undefined;
    return {
      ...record,
      contentBytes: record.contentBytes - shortened,
      ...(position?.open === undefined
        ? {}
        : { position: { ...position, open: shorter(position.open, shortenedOpen) } }),
      redactions: { markers },
      pieces,
      // Put together only where somebody asks for it: a second block of memory for each costs more than the search.
      get bytes() {
        whole ??= Buffer.concat(pieces);
        return whole;
      },
    };
  }

  #redactorOf(stream: number): LineRedactor {
    const key = this.#instances.get(stream) ?? String(stream);
    const known = this.#lines.get(key) ?? new LineRedactor(this.#patterns);
    this.#lines.set(key, known);
    return known;
  }

  #text(text: string): string {
    const plain = replaceCredentials(text, (_, kind) => markerOf(kind));
    return replacePatterns(plain, this.#patterns, (_, name) => markerOf(name));
  }
}

/** Lines that are begun, as they are written down: whoever goes on with the journal counts what follows to that. */
function shorter(
  open: NonNullable<FilePosition['open']>,
  by: Readonly<Record<Output, number>>,
): NonNullable<FilePosition['open']> {
  const entries = (['stdout', 'stderr'] as const).flatMap((output) => {
    const line = open[output];
    return line === undefined ? [] : [[output, { ...line, bytes: line.bytes - by[output] }] as const];
  });
  return Object.fromEntries(entries);
}
