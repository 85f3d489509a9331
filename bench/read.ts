import { spawnSync } from 'node:child_process';
import { parseTimestamp, type Timestamp } from '../src/model/time.ts';
import type { EntryFilter } from '../src/story/entry-filter.ts';
import { openStory } from '../src/story/reader.ts';

/**
 * How fast a story is read, and in how much memory: `node bench/read.ts STORY` (bench/assemble.ts and faro capture make
 * some). Each row runs in a process of its own; its memory is that process's peak.
 */
const [file, row] = process.argv.slice(2);
if (file === undefined) throw new Error('name a story: node bench/read.ts story.json.zst');
const ROWS = ['open', 'everything', 'objects only', 'the last hundredth', 'one container'];

if (row === undefined)
  for (const name of ROWS) spawnSync(process.execPath, [import.meta.filename, file, name], { stdio: 'inherit' });
else await measure(file, row);

async function measure(path: string, name: string): Promise<void> {
  const startedAt = performance.now();
  await using story = await openStory(path);
  let entries = 0;
  if (name !== 'open') for await (const _ of story.entries(filterOf(name, story.head))) entries += 1;
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage();
  process.stdout.write(
    `${name.padEnd(20)} ${String(entries).padStart(10)} entries, ${seconds.toFixed(2)} s, CPU ${((user + system) / 1e6).toFixed(2)} s, ` +
      `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\n`,
  );
}

function filterOf(name: string, { metadata }: Awaited<ReturnType<typeof openStory>>['head']): EntryFilter {
  if (name === 'objects only') return { types: ['object'] };
  if (name === 'one container') return { containers: new Set([0]) };
  if (name === 'everything') return {};
  const [from, to] = [Date.parse(metadata.startTime), Date.parse(metadata.endTime)];
  const since = new Date(to - (to - from) / 100).toISOString().replace('Z', '000000Z');
  return { since: parseTimestamp(since) ?? (metadata.endTime as Timestamp) };
}
