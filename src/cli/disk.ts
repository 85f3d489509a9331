import type { JournalWriterOptions } from '../journal/writer.ts';
import { FaroError } from '../model/errors.ts';
import type { RecordResult } from '../record/end.ts';
import { parseDuration } from './duration.ts';
import type { CaptureOptions } from './options.ts';
import { parseSize } from './size.ts';

/** Below this there is little room beside what is reserved for the end. */
const LEAST_JOURNAL_BYTES = 8 * 1024 * 1024;

/** What the options say of the disk. */
export function diskOf({
  diskWait,
  maxJournalSize,
}: Pick<CaptureOptions, 'diskWait' | 'maxJournalSize'>): Pick<JournalWriterOptions, 'waitMs' | 'maxBytes'> {
  const waitMs = parseDuration(diskWait, '--disk-wait');
  if (maxJournalSize === undefined) return { waitMs };
  const maxBytes = parseSize(maxJournalSize, '--max-journal-size');
  if (maxBytes >= LEAST_JOURNAL_BYTES) return { waitMs, maxBytes };
  throw new FaroError('usage', `--max-journal-size: ${maxJournalSize} is less than 8Mi`, {
    hint: '4 MiB of it are kept for the end of the recording',
  });
}

/** A recording that ended for want of room is no success, whatever else was asked of it. */
export function judged(result: RecordResult, ending: AbortSignal): RecordResult {
  if (!ending.aborted || result.ended !== ending.reason) return result;
  const reason =
    ending.reason === 'journal-full'
      ? 'the journal had its greatest size (--max-journal-size)'
      : 'the disk took nothing for too long (--disk-wait)';
  return { ...result, goal: 'failed', reason };
}
