import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../src/demo/random.ts';
import type { Story } from '../../src/story/document.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { temporaryFolder } from '../folder.ts';
import { SEED } from '../property.ts';
import { checkStory, counting, numbersOf } from './checker.ts';
import { type Json, skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

/** `FARO_RESUMES` plays as many captures. */
const CAPTURES = Number(process.env.FARO_RESUMES ?? 2);
const TAG = 'N';
/** About what the Deployment makes a capture write in two seconds, or in a moment where it reads what there was. */
const MOST_WRITTEN = 100_000;

/** The command in a process of its own, which may be killed. */
class Process {
  readonly #child: ChildProcess;
  readonly exit: Promise<number | null>;
  stderr = '';

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, ['src/main.ts', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.exit = new Promise((resolve) => this.#child.on('close', resolve));
  }

  /** Resolves when it has said something. */
  said(text: string): Promise<void> {
    return this.until(`it says "${text}"`, () => this.stderr.includes(text));
  }

  /** Resolves when its journal is longer by so many bytes: how far it comes before it is killed, however busy the machine. */
  writes(bytes: number, journal: string): Promise<void> {
    const before = bytesOf(journal);
    return this.until(`its journal grows by ${bytes} bytes`, () => bytesOf(journal) >= before + bytes);
  }

  /** Resolves when a condition holds; rejects when the process ends before. */
  async until(what: string, condition: () => boolean): Promise<void> {
    let isOver = false;
    void this.exit.then(() => {
      isOver = true;
    });
    while (!condition()) {
      if (isOver) throw new Error(`it ended before ${what}: ${this.stderr}`);
      await sleep(10);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.exit;
  }
}

function bytesOf(journal: string): number {
  const segments = readdirSync(journal).filter((name) => name.endsWith('.faroj'));
  return segments.reduce((sum, name) => sum + statSync(join(journal, name)).size, 0);
}

/** The Deployment, each pod of which counts its lines, some of them fast, without an end. */
async function deployBusy(ns: TestNamespace): Promise<void> {
  const metadata = { name: 'busy', labels: { app: 'busy' } };
  const containers = [
    workload('fast', `-n -1 -rate 300 -tag ${TAG}`),
    workload('slow', `-n -1 -rate 5 -tag ${TAG}`),
    workload('crash', `-n 40 -rate 40 -tag ${TAG} -exit 3`),
  ];
  const template = { metadata: { labels: metadata.labels }, spec: { terminationGracePeriodSeconds: 1, containers } };
  const spec = { replicas: 2, selector: { matchLabels: metadata.labels }, template };
  await ns.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  await ns.until('its pods run', ['pods'], ({ items }) => {
    const running = items
      .flatMap(({ status }) => status.containerStatuses ?? [])
      .filter(({ name }) => name !== 'crash');
    return running.length === 4 && running.every(({ ready }) => ready);
  });
}

/** A cluster with Kubernetes' own back-off lets a container that crashes wait for minutes. */
const PATIENCE_MS = 5000;

/** Waits until a container that crashes has begun once more, but not for as long as a back-off may be. */
async function oneMoreRestart(ns: TestNamespace): Promise<void> {
  const restarts = ({ items }: Json) =>
    items
      .flatMap(({ status }) => status.containerStatuses ?? [])
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const before = restarts(await ns.until('the pods are listed', ['pods'], () => true));
  const deadline = Date.now() + PATIENCE_MS;
  await ns.until('a container is restarted', ['pods'], (now) => restarts(now) > before || Date.now() > deadline);
}

async function storyOf(file: string): Promise<Story> {
  const { problems } = await verifyStory(file);
  assert.deepEqual(problems, [], 'faro verify finds the story sound');
  const story = JSON.parse(readFileSync(file, 'utf8')) as Story;
  checkStory(story);
  return story;
}

/** The lines of each run, as they are numbered from its first: none is missing between them, and none comes twice. */
function countedRuns(story: Story): Map<string, number> {
  return new Map(
    story.containers.map(({ object, name, restart }, container) => {
      const numbers = numbersOf(story, container, TAG);
      const run = `${story.objects[object]?.uid}/${name}#${restart}`;
      // A run that had ended, and another after it, before anyone could ask for its log is a gap from its beginning.
      assert.deepEqual(numbers, counting(numbers.length), run);
      return [run, numbers.length];
    }),
  );
}

test(`${CAPTURES} captures that are killed at any moment are recovered and resumed, and hold every line once`, {
  skip: skipped,
  timeout: CAPTURES * 300_000,
}, async (t) => {
  t.diagnostic(`FARO_SEED=${SEED}`);
  const random = seededRandom(SEED);
  await using ns = await testNamespace('resume');
  await deployBusy(ns);
  let lines = 0;
  for (let round = 0; round < CAPTURES; round += 1) lines += await playRound(ns, { round, random });
  t.diagnostic(`${lines} lines in ${CAPTURES} resumed captures`);
});

/** One capture: killed, recovered, resumed (every third time twice), ended. Returns how many lines its story holds. */
async function playRound(
  ns: TestNamespace,
  { round, random }: { round: number; random: () => number },
): Promise<number> {
  const folder = temporaryFolder('resume');
  const [output, recovered] = [join(folder, 'story.json'), join(folder, 'recovered.json')];
  const journal = `${output}.journal`;
  const said = ['--log-level', 'info', '--log-format', 'json'];
  const at = ['--kubeconfig', ns.cluster.kubeconfig, ...said];
  const capture = new Process(['capture', 'deployment/busy', '-n', ns.name, '-o', output, ...at]);
  const isEarly = random() < 0.1; // now and then before it has begun
  await (isEarly
    ? capture.until('its journal is there', () => existsSync(join(journal, 'capture.json')))
    : capture.said('"msg":"recording"'));
  const onItsWay = async (process: Process) => {
    if (random() < 0.5) await oneMoreRestart(ns); // by then it has read what there was
    await process.writes(random() * MOST_WRITTEN, journal);
  };
  if (!isEarly) await onItsWay(capture);
  await capture.end('SIGKILL');
  const recovery = new Process(['recover', journal, '-o', recovered]);
  if ((await recovery.exit) !== 0) {
    assert.ok(isEarly, recovery.stderr);
    assert.match(recovery.stderr, /the journal holds nothing: its capture was killed before it began/);
    return 0;
  }
  const before = await storyOf(recovered);
  assert.equal(before.metadata.ended, 'killed');
  assert.equal(before.metadata.complete, false);
  const known = countedRuns(before);
  // What ends while nobody records leaves files, and a run after it.
  if (random() < 0.5) await oneMoreRestart(ns);
  if (round % 3 === 0) {
    const again = new Process(['capture', '--resume', journal, ...said]);
    await again.said('"msg":"recording"');
    await onItsWay(again);
    await again.end('SIGKILL');
  }
  const resumed = new Process(['capture', '--resume', journal, ...said]);
  await resumed.said('"msg":"recording"');
  const refused = new Process(['recover', journal, '-o', join(folder, 'refused.json')]);
  assert.equal(await refused.exit, 4);
  assert.match(refused.stderr, /is in use by process \d+/);
  await onItsWay(resumed);
  assert.equal(await resumed.end('SIGINT'), 0, resumed.stderr);
  assert.ok(!existsSync(journal), 'the journal goes when the story is in place');
  const story = await storyOf(output);
  assert.equal(story.metadata.id, before.metadata.id);
  assert.equal(story.metadata.resumed?.length, round % 3 === 0 ? 2 : 1);
  assert.deepEqual(
    before.objects.map(({ uid }) => uid),
    story.objects.slice(0, before.objects.length).map(({ uid }) => uid),
    'objects keep their places',
  );
  const counted = countedRuns(story);
  for (const [run, count] of known) assert.ok((counted.get(run) ?? 0) >= count, `${run}: no line is lost again`);
  // On a machine that is too busy a last reading may not come through; then the story says so.
  for (const { ledger, name } of story.containers)
    assert.ok(name === 'crash' || ledger.end === 'proven' || ledger.gaps.length > 0, ledger.endEvidence);
  return story.metadata.counts.logLines;
}
