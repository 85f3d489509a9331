import { systemClock } from '../../src/cli/context.ts';
import type { JournalFs } from '../../src/journal/fs.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter, type JournalWriterOptions } from '../../src/journal/writer.ts';
import type { JournalRecord, LogRecord } from '../../src/model/record.ts';
import type { Timestamp } from '../../src/model/time.ts';

export const T = '2026-11-23T12:00:05.000000000Z' as Timestamp;

export function note(text: string): JournalRecord {
  return { kind: 'note', observed: T, text };
}

export function log(bytes: Buffer, stream = 0): LogRecord {
  return {
    kind: 'log',
    observed: T,
    stream,
    format: 'timestamped',
    file: null,
    offset: 0,
    unterminated: false,
    lines: 1,
    contentBytes: bytes.length,
    first: T,
    last: T,
    bytes,
  };
}

/** Writes a journal; with `syncEach` each record is on the disk before the next one is taken. */
export async function write(
  dir: string,
  records: readonly JournalRecord[],
  { syncEach = false, ...options }: Partial<JournalWriterOptions> & { readonly syncEach?: boolean } = {},
): Promise<void> {
  await using journal = await JournalWriter.create(dir, { clock: systemClock, ...options });
  for (const record of records) {
    journal.append(record);
    if (syncEach) await journal.sync();
  }
}

/** What a journal holds, log lines included, and what it says of its damage. */
export async function read(
  dir: string,
  fs?: JournalFs,
): Promise<{ records: unknown[]; damage: readonly { bytes: number; meaning: string; seq: number }[] }> {
  await using reader = await JournalReader.open(dir, fs === undefined ? {} : { fs });
  const records: unknown[] = [];
  for await (const { record, position } of reader.records())
    records.push(
      record.kind === 'log'
        ? { kind: 'log', bytes: (await reader.readLog(position)).bytes.toString('latin1') }
        : record,
    );
  return { records, damage: [...reader.damage] };
}

/** A record as `read` gives it. */
export function shown(record: JournalRecord): unknown {
  return record.kind === 'log'
    ? { kind: 'log', bytes: record.bytes.toString('latin1') }
    : JSON.parse(JSON.stringify(record));
}
