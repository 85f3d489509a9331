import type { TimelineEntry } from '../story/document.ts';
import type { StoryReader } from '../story/reader.ts';
import { inPieces } from './converter.ts';
import { textOf, wordOf } from './describe.ts';
import { subjectOf } from './subject.ts';

const COLUMNS = [
  'seq',
  'time',
  'timeSource',
  'type',
  'namespace',
  'kind',
  'name',
  'uid',
  'container',
  'restart',
  'stream',
  'what',
  'text',
  'bytes',
];

/**
 * RFC 4180 with a header, an entry a row. A text that a spreadsheet would take for a formula gets a `'` before it; NUL
 * becomes U+FFFD, since CSV readers end at it. Lines that are not UTF-8 stand in `bytes` as base64.
 */
export function csv(story: StoryReader): AsyncIterable<string> {
  return inPieces(rows(story));
}

async function* rows({ head, entries }: StoryReader): AsyncGenerator<string> {
  yield row(COLUMNS);
  for await (const entry of entries()) yield row(cells(entry));

  function cells(entry: TimelineEntry): (string | number | undefined)[] {
    const { object, container } = subjectOf(head, entry);
    const about = entry.type === 'event' ? entry.about : undefined;
    const bytes = entry.type === 'log' ? entry.bytes : undefined;
    return [
      entry.seq,
      entry.time,
      entry.timeSource,
      entry.type,
      object?.namespace ?? undefined,
      object?.kind ?? about?.kind,
      object?.name ?? about?.name,
      object?.uid,
      container?.name,
      container?.restart,
      entry.type === 'log' ? entry.stream : undefined,
      wordOf(entry, head.gaps),
      bytes === undefined ? textOf(entry, head.gaps) : undefined,
      bytes,
    ];
  }
}

function row(values: readonly (string | number | undefined)[]): string {
  return `${values.map((value) => (typeof value === 'string' ? cell(value) : String(value ?? ''))).join(',')}\r\n`;
}

function cell(text: string): string {
  const safe = (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('\0', '\ufffd');
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
