import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { Story } from '../../src/story/document.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { type Command, faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';
import { trueLines, until } from '../record/harness.ts';
import { hasLoopDevices, noDisks, SmallDisk } from './small-disk.ts';

const options = { skip: noDisks };

interface Capture extends AsyncDisposable {
  readonly cluster: DemoCluster;
  readonly command: Command;
  readonly output: string;
  /** Resolves when the containers have written some more lines. */
  moreLines(): Promise<void>;
}

/** The real command, at work on the simulated cluster, with its story and its journal on that file system. */
async function startCapture(disk: SmallDisk, ...args: string[]): Promise<Capture> {
  const cluster = await DemoCluster.start({ clock: systemClock, seed: 7 });
  prepareShop(cluster);
  cluster.run();
  const kubeconfig = join(temporaryFolder('disk'), 'config');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  const output = join(disk.path, 'story.json');
  const at = ['deployment/web', '-n', 'shop', '-o', output, '--kubeconfig', kubeconfig, '--log-format', 'json'];
  const command = faro(['capture', ...at, '--log-level', 'info', '--drain', '5s', ...args]);
  const written = () => {
    const pods = cluster.store.list(cluster.type('pods'), 'shop');
    return Math.max(0, ...pods.map(({ metadata }) => trueLines(cluster, metadata.uid, 'web').length));
  };
  const moreLines = async () => {
    const before = written();
    await until('the containers wrote some lines', () => written() > before + 15);
  };
  const end = async () => {
    command.interrupt();
    command.interrupt(); // of a test that failed: at once
    await command.exit;
    await cluster[Symbol.asyncDispose]();
  };
  await command.said('"msg":"recording"');
  await moreLines();
  return { cluster, command, output, moreLines, [Symbol.asyncDispose]: end };
}

/** A sound story whose lines are the true ones from the first on; gives how many of each run are missing at its end. */
async function missingLines(
  { cluster }: Capture,
  file: string,
): Promise<{ story: Story; missing: Map<number, number> }> {
  assert.deepEqual((await verifyStory(file)).problems, []);
  const story = JSON.parse(readFileSync(file, 'utf8')) as Story;
  const missing = new Map<number, number>();
  for (const [index, { object, name }] of story.containers.entries()) {
    const lines = story.timeline.flatMap((entry) =>
      entry.type === 'log' && entry.container === index ? [`${entry.time} ${entry.line}`] : [],
    );
    const truth = trueLines(cluster, story.objects[object]?.uid ?? '', name);
    assert.deepEqual(lines, truth.slice(0, lines.length));
    missing.set(index, truth.length - lines.length);
  }
  return { story, missing };
}

test(
  'a capture whose disk was full for a while ends with every line, and all of it for its owner alone',
  options,
  async () => {
    using disk = new SmallDisk('tmpfs', 12);
    await using capture = await startCapture(disk, '--log-route', 'stream');
    const { command, output } = capture;
    const journal = `${output}.journal`;
    for (const name of readdirSync(journal)) assert.equal(statSync(join(journal, name)).mode & 0o777, 0o600, name);
    assert.equal(statSync(journal).mode & 0o777, 0o700);
    disk.fill();
    await command.said('logs are held back');
    await capture.moreLines();
    disk.free();
    await command.said('the journal is written again');
    await capture.moreLines();
    command.interrupt();
    const { code, stderr } = await command.exit;
    assert.equal(code, 0, stderr);
    const { story } = await missingLines(capture, output);
    assert.deepEqual(story.gaps, []);
    assert.ok(story.timeline.some((entry) => entry.type === 'note' && entry.text.includes('could not be written for')));
    assert.equal(statSync(output).mode & 0o777, 0o600);
    assert.ok(!existsSync(journal));
  },
);

test(
  'a capture whose disk stays full ends with a story all the same, and a gap for each log that it lacks lines of',
  options,
  async () => {
    using disk = new SmallDisk('tmpfs', 12);
    await using capture = await startCapture(disk, '--log-route', 'stream', '--disk-wait', '1s');
    const { command, output } = capture;
    disk.fill();
    await command.said('the recording ends');
    const { code, stderr } = await command.exit;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /disk-full: the disk took nothing for too long/);
    const { story, missing } = await missingLines(capture, output);
    assert.equal(story.metadata.ended, 'disk-full');
    assert.equal(story.metadata.complete, false);
    for (const [index, { ledger, name }] of story.containers.entries()) {
      if (name !== 'web') continue;
      assert.ok((missing.get(index) ?? 0) > 0);
      assert.deepEqual([...new Set(ledger.gaps.map((gap) => story.gaps[gap]?.cause))], ['disk-full']);
    }
  },
);

const onDevice = hasLoopDevices ? test : untestable;
onDevice(
  'a capture whose disk becomes read-only says what is left of it, and that makes a story elsewhere',
  options,
  async () => {
    using disk = new SmallDisk('ext4', 24);
    await using capture = await startCapture(disk, '--disk-wait', '1s');
    const { command, output } = capture;
    disk.abort();
    const { code, stderr } = await command.exit;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /cannot be written: EROFS/);
    assert.match(stderr, /faro recover \S+story\.json\.journal -o/);
    const elsewhere = join(temporaryFolder('disk'), 'story.json');
    const recovered = await faro(['recover', `${output}.journal`, '-o', elsewhere]).exit;
    assert.equal(recovered.code, 0, recovered.stderr);
    const { story } = await missingLines(capture, elsewhere);
    assert.equal(story.metadata.ended, 'killed');
    assert.ok(story.metadata.counts.logLines > 10);
  },
);

/** The same fault is tested in memory (test/record/disk-full.test.ts). */
function untestable(name: string, ..._rest: unknown[]): void {
  process.stdout.write(`this machine has no loop devices, so this is tested in memory only: ${name}\n`);
}
