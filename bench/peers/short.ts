import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Story } from '../../src/story/document.ts';
import { type Cluster, IMAGE } from '../../test/cluster/cluster.ts';
import { freshNamespace } from './load.ts';
import { measured } from './measured.ts';
import { faroArgs } from './run.ts';

export interface ShortReport {
  readonly jobs: number;
  /** Runs whose 20 lines are in the story, each once. */
  readonly whole: number;
  /** Runs that lack lines, inside stated gaps. */
  readonly stated: number;
  /** Runs that lack lines, and nothing says so, or that hold a line twice: the defect. */
  readonly silent: number;
  /** Runs whose ledger proves them complete. */
  readonly proven: number;
}

const LINES = 20;

/** Jobs that live for a moment and are deleted with their pods as soon as they have ended, recorded while they are created. */
export async function shortLived(cluster: Cluster, jobs: number, ...more: string[]): Promise<ShortReport> {
  const namespace = `short-${Date.now().toString(36)}`;
  await freshNamespace(cluster, namespace);
  const container = {
    name: 'app',
    image: IMAGE,
    imagePullPolicy: 'Never',
    args: `-n ${LINES} -tag T -wait 50ms`.split(' '),
  };
  const template = { spec: { restartPolicy: 'Never', containers: [container] } };
  const jobTemplate = { spec: { ttlSecondsAfterFinished: 0, backoffLimit: 0, template } };
  const cron = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'short' },
    spec: { schedule: '0 0 1 1 *', jobTemplate },
  };
  const inNamespace = (args: readonly string[], input?: object) =>
    cluster.kubectl(['-n', namespace, ...args], input === undefined ? undefined : JSON.stringify(input));
  await inNamespace(['apply', '-f', '-'], cron);
  const { metadata } = JSON.parse(await inNamespace(['get', 'cronjob', 'short', '-o', 'json'])) as {
    metadata: { uid: string };
  };
  const folder = mkdtempSync(join(tmpdir(), 'faro-short-'));
  const story = join(folder, 'story.json');
  const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig, '-o', story, ...more];
  const recorder = measured({ args: faroArgs('capture', 'cronjob/short', ...at), output: `${story}.out` });
  await recorder.said('"msg":"recording"');
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'short', uid: metadata.uid, controller: true };
  for (let first = 0; first < jobs; first += 5) {
    const items = Array.from({ length: Math.min(5, jobs - first) }, (_, index) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `short-${first + index}`, ownerReferences: [owner] },
      ...jobTemplate,
    }));
    await inNamespace(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
    await sleep(500);
  }
  while ((await inNamespace(['get', 'pods,jobs', '-o', 'name'])).trim() !== '') await sleep(200);
  recorder.interrupt();
  await recorder.done;
  const report = judgeRuns(JSON.parse(readFileSync(story, 'utf8')), jobs);
  await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  rmSync(folder, { recursive: true, force: true });
  return report;
}

function judgeRuns(story: Story, jobs: number): ShortReport {
  const runs = story.containers.map((container, index) => {
    const numbers = story.timeline.flatMap((entry) =>
      entry.type === 'log' && entry.container === index ? [Number(entry.line?.split(' ')[1])] : [],
    );
    const isWhole = numbers.length === LINES && numbers.every((number, at) => number === at);
    const isRepeated = new Set(numbers).size < numbers.length;
    return {
      isWhole,
      isStated: !isWhole && !isRepeated && container.ledger.gaps.length > 0,
      end: container.ledger.end,
    };
  });
  const whole = runs.filter(({ isWhole }) => isWhole).length;
  const stated = runs.filter(({ isStated }) => isStated).length;
  return {
    jobs,
    whole,
    stated,
    silent: jobs - whole - stated,
    proven: runs.filter(({ end }) => end === 'proven').length,
  };
}
