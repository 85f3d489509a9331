import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { judgeStory } from '../../../story/judge.ts';
import type { StoryReader } from '../../../story/reader.ts';
import { LogEncoder } from '../data/encode.ts';
import type { FactEntry } from '../data/report-data.ts';
import { loadBundle } from './bundle.ts';
import { frameOf } from './document.ts';
import { LineQuota } from './quota.ts';

/** What a report is drawn from; `openStory` gives one. */
export type ReportSource = Pick<StoryReader, 'head' | 'entries'>;

export interface ReportSummary {
  /** Of the file. */
  readonly bytes: number;
  /** Lines that the size limit left out; the report says so where they were. */
  readonly omittedLines: number;
}

/** What a browser can hold without effort. */
const MOST = { lines: 1_000_000, bytes: 256 * 2 ** 20 };

/** Draws a story as one HTML file that needs nothing else, and hands it on in pieces. */
export async function writeReport(
  source: ReportSource,
  write: (chunk: string) => Promise<void>,
  most = MOST,
): Promise<ReportSummary> {
  const { pieces, omittedLines } = await collect(source, most);
  const data = await promisify(gzip)(Buffer.concat(pieces), { level: 9 });
  const { before, after } = frameOf(await loadBundle(), titleOf(source));
  const chunks = [before, data.toString('base64'), after];
  for (const chunk of chunks) await write(chunk);
  return { bytes: chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0), omittedLines };
}

async function collect(source: ReportSource, most: typeof MOST) {
  const { metadata, objects, containers, gaps } = source.head;
  const verdict = await judgeStory(source);
  const quota = new LineQuota(containers, most);
  const logs = new LogEncoder(metadata.startTime);
  const entries: FactEntry[] = [];
  for await (const entry of source.entries()) {
    if (entry.type !== 'log') entries.push(entry);
    else if (quota.keeps(entry.container)) logs.add(entry);
  }
  const omitted = quota.omitted();
  const story = { metadata, verdict, objects, containers, gaps };
  const omittedLines = omitted.reduce((sum, { lines }) => sum + lines, 0);
  return { pieces: [...logs.finish({ ...story, entries, omitted })], omittedLines };
}

function titleOf({ head: { metadata } }: ReportSource): string {
  const roots = metadata.roots.map(({ kind, namespace, name }) =>
    namespace === null ? `${kind} ${name}` : `${kind} ${namespace}/${name}`,
  );
  return `${roots.join(', ')}: a story by Faro`;
}
