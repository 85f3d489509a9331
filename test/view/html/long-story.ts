import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { seededRandom } from '../../../src/demo/random.ts';
import { StoryMaker, timeAfter } from './story-maker.ts';

const VERBS = ['GET', 'POST', 'PUT', 'DELETE'];
const PLACES = ['orders', 'carts', 'users', 'payments', 'stock'];

/** Writes a story with this many log lines of 24 containers over ten minutes, as services write them. */
export async function writeLongStory(path: string, lines: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const maker = new StoryMaker();
  const web = maker.object('Deployment', 'web');
  const set = maker.object('ReplicaSet', 'web-7c9d8f', web);
  const runs = Array.from({ length: 24 }, (_, index) => {
    const pod = maker.object('Pod', `web-7c9d8f-${index.toString(36).padStart(5, 'x')}`, set);
    const run = maker.container(pod, 'app');
    maker.tell({ at: index * 10, type: 'lifecycle', object: pod, what: 'phase', from: '', to: 'Running' });
    maker.tell({
      at: index * 10,
      type: 'lifecycle',
      object: pod,
      what: 'started',
      containerName: 'app',
      container: run,
    });
    return run;
  });
  for (const run of runs) {
    const ledger = maker.containers[run]?.ledger;
    if (ledger !== undefined) Object.assign(ledger, { lines: Math.ceil(lines / 24), bytes: lines * 4 });
  }
  const { metadata, timeline, ...rest } = maker.finish(600_000);
  const counts = { ...metadata.counts, logLines: lines, entries: timeline.length + lines };
  const file = createWriteStream(path);
  const head = JSON.stringify({ ...rest, metadata: { ...metadata, counts } }).slice(0, -1);
  file.write(`${head},"timeline":[\n${timeline.map((entry) => JSON.stringify(entry)).join(',\n')}`);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  for (let index = 0; index < lines; index += 1) {
    const time = timeAfter(1000 + (index / lines) * 598_000, Math.floor(random() * 999_999));
    const status = random() < 0.02 ? 'error: upstream timed out' : 200;
    const id = Math.floor(random() * 2 ** 32).toString(16);
    const text = `${time} INFO request ${pick(VERBS)} /api/v1/${pick(PLACES)}/${Math.floor(random() * 9999)} id=${id} ${status} in ${Math.floor(random() * 250)} ms`;
    const entry = {
      seq: timeline.length + index,
      time,
      timeSource: 'log',
      observed: time,
      type: 'log',
      container: pick(runs),
      stream: 'unknown',
      line: text,
    };
    if (!file.write(`,\n${JSON.stringify(entry)}`)) await once(file, 'drain');
  }
  file.end('\n]}\n');
  await once(file, 'close');
}
