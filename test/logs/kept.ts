import type { JournalRecord } from '../../src/model/record.ts';

/** A record that a test keeps: the bytes of log lines are lent to a sink only during the call. */
export function kept<R extends JournalRecord>(record: R): R {
  if (record.kind !== 'log') return record;
  const bytes = Buffer.from(record.bytes);
  return { ...record, bytes, ...(record.pieces && { pieces: [bytes] }) };
}
