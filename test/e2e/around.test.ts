import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Story } from '../../src/story/document.ts';
import { said } from '../credentials.ts';
import { temporaryFolder } from '../folder.ts';
import { checkStory } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

const options = { skip: skipped };
const folder = temporaryFolder('around');

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: string;
  story(): Story;
  file(name: string): string;
}

interface Given {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Called with the running process once its standard output holds the text. */
  readonly onOutput?: { readonly text: string; readonly act: (kill: (signal: NodeJS.Signals) => void) => void };
}

/** `faro capture deployment/web … -- COMMAND` in a namespace, with kubectl of that namespace as `k` in a shell. */
async function around(
  ns: TestNamespace,
  args: readonly string[],
  command: readonly string[],
  given: Given = {},
): Promise<Run> {
  const place = mkdtempSync(join(folder, 'run-'));
  const output = join(place, 'story.json');
  const { kubeconfig, kubectlPath } = ns.cluster;
  const own = ['capture', 'deployment/web', '-n', ns.name, '--kubeconfig', kubeconfig, '-o', output, '--settle', '1s'];
  const files = ['--junit', join(place, 'junit.xml'), '--summary', join(place, 'summary.md')];
  const child = spawn(process.execPath, ['src/main.ts', ...own, ...files, ...args, '--', ...command], {
    env: {
      ...process.env,
      K: `${kubectlPath} --kubeconfig ${kubeconfig} -n ${ns.name}`,
      GITHUB_ACTIONS: '',
      GITLAB_CI: '',
      ...given.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let hasActed = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
    if (given.onOutput === undefined || hasActed || !stdout.includes(given.onOutput.text)) return;
    hasActed = true;
    given.onOutput.act((signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.end(given.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  said(stdout, stderr);
  return {
    code,
    stdout,
    stderr,
    output,
    story: () => JSON.parse(readFileSync(output, 'utf8')) as Story,
    file: (name) => readFileSync(join(place, name), 'utf8'),
  };
}

function deployment(container: object, more: object = {}): string {
  const labels = { app: 'web' };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, ...more },
  });
}

const APPLY = ['sh', '-c', '$K apply -f -'];
const runs = workload('app', '-n -1 -rate 5 -tag A');

describe('a capture around a command, on the real cluster', { concurrency: true }, () => {
  test(
    'a good rollout: recorded from before the command on, its input and output passed through, exit code 0',
    options,
    async () => {
      await using ns = await testNamespace('ci-good');
      const run = await around(ns, ['--until', 'ready', '--timeout', '60s'], APPLY, { input: deployment(runs) });
      assert.equal(run.code, 0, run.stderr);
      assert.equal(run.stdout, 'deployment.apps/web created\n');
      const story = run.story();
      checkStory(story);
      assert.equal(story.metadata.ended, 'until:ready');
      const first = story.timeline.find((entry) => entry.type === 'object' && entry.object === 0);
      assert.equal(first?.type === 'object' ? first.action : '', 'created');
      assert.match(run.file('junit.xml'), /tests="2" failures="0"[\s\S]*deployment\/web: ready/);
      assert.match(run.file('summary.md'), /✅/);
      // What is ready already and does not change passes, but only after the command and the time to settle.
      const again = await around(ns, ['--until', 'ready'], ['sh', '-c', 'echo nothing changes']);
      assert.equal(again.code, 0, again.stderr);
      // A change is judged by what the API says after the command, though before it everything was ready.
      const bad = JSON.stringify({
        spec: {
          progressDeadlineSeconds: 4,
          template: { spec: { containers: [{ name: 'app', image: 'none.invalid/none:1' }] } },
        },
      });
      const broken = await around(
        ns,
        ['--until', 'ready', '--timeout', '60s'],
        ['sh', '-c', `$K patch deploy/web -p '${bad}'`],
        { env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'step.md') } },
      );
      assert.equal(broken.code, 1, broken.stderr);
      assert.equal(broken.story().metadata.ended, 'until:ready failed');
      assert.match(
        broken.stderr,
        /^::group::sh -c .*\n[\s\S]*::endgroup::\n[\s\S]*::error title=faro::deployment\/web: not ready: .+\n/m,
      );
      assert.match(
        broken.file('junit.xml'),
        /tests="2" failures="1"[\s\S]*<failure message="[^"]+">until:ready failed/,
      );
      assert.match(readFileSync(join(folder, 'step.md'), 'utf8'), /❌[\s\S]*\*\*First cause:\*\* `/);
    },
  );

  test('a crash loop, whose containers are ready for moments, fails with the time-out', options, async () => {
    await using ns = await testNamespace('ci-crash');
    const run = await around(ns, ['--until', 'ready', '--settle', '3s', '--timeout', '10s'], APPLY, {
      input: deployment(workload('app', '-n 3 -tag C -exit 3')),
      env: { GITLAB_CI: 'true' },
    });
    assert.equal(run.code, 1, run.stderr);
    assert.equal(run.story().metadata.ended, 'timeout');
    assert.ok(run.story().containers.some(({ exitCode }) => exitCode === 3));
    assert.match(run.stderr, /timeout: not ready within 10s: (deployments\/web: |ready at last, but not yet for 3s)/);
    const erase = '\u001b[0K';
    assert.ok(run.stderr.includes(`:faro\r${erase}sh -c`), run.stderr);
  });

  test('a command that fails gives its own code, and the story of what it did is written', options, async () => {
    await using ns = await testNamespace('ci-fail');
    const run = await around(ns, ['--until', 'ready'], ['sh', '-c', '$K apply -f - && exit 7'], {
      input: deployment(runs),
    });
    assert.equal(run.code, 7, run.stderr);
    assert.match(run.stderr, /exited with code 7/);
    assert.equal(run.story().metadata.ended, 'command failed: 7');
    assert.ok(run.story().objects.some(({ kind }) => kind === 'Deployment'));
    assert.match(run.file('junit.xml'), /tests="1" failures="1"[\s\S]*exited with code 7/);
    const missing = await around(ns, [], ['no-such-program-at-all']);
    assert.equal(missing.code, 127, missing.stderr);
    const notRunnable = await around(ns, [], ['/tmp']);
    assert.equal(notRunnable.code, 126, notRunnable.stderr);
    const killed = await around(ns, ['--until', 'ready'], ['sh', '-c', 'kill -KILL $$']);
    assert.equal(killed.code, 137, killed.stderr);
    assert.equal(killed.story().metadata.ended, 'command failed: SIGKILL');
  });

  test('a signal goes to the command, whose end is recorded, and gives 128 and its number', options, async () => {
    await using ns = await testNamespace('ci-signal');
    const command = ['sh', '-c', 'trap "echo cleaned up; exit 0" TERM; echo running; while :; do sleep 0.1; done'];
    const term = { text: 'running', act: (kill: (signal: NodeJS.Signals) => void) => kill('SIGTERM') };
    const run = await around(ns, ['--until', 'ready'], command, { onOutput: term });
    assert.equal(run.stdout, 'running\ncleaned up\n');
    assert.equal(run.code, 143, run.stderr);
    assert.equal(run.story().metadata.ended, 'interrupted');
  });

  test("faro's own failures give 125 and never run the command", options, async () => {
    await using ns = await testNamespace('ci-own');
    for (const args of [
      ['--until', 'never'],
      ['--timeout', 'soon', '--until', 'ready'],
      ['--server', 'https://127.0.0.1:1'],
      ['--junit', '/nowhere/junit.xml'],
    ]) {
      const run = await around(ns, args, ['echo', 'ran']);
      assert.equal(run.code, 125, run.stderr);
      assert.equal(run.stdout, '');
    }
    const absent = await around(ns, ['--until', 'ready'], ['true']);
    assert.equal(absent.code, 1, absent.stderr);
    assert.match(absent.stderr, /deployments\/web does not exist/);
  });
});
