import assert from 'node:assert/strict';
import { existsSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { before, describe, it } from 'node:test';
import { ExecCredentials } from '../../../src/kube/auth/exec.ts';
import type { ExecCluster } from '../../../src/kube/auth/exec-info.ts';
import type { ExecPlugin } from '../../../src/kube/auth/exec-plugin.ts';
import { FaroError } from '../../../src/model/errors.ts';
import { temporaryFolder } from '../../folder.ts';
import { ManualClock } from './manual-clock.ts';

const V1 = 'client.authentication.k8s.io/v1';
const signal = new AbortController().signal;
const cluster: ExecCluster = {
  server: 'https://api',
  tlsServerName: undefined,
  insecureSkipTlsVerify: false,
  certificateAuthority: undefined,
  proxyUrl: undefined,
  disableCompression: false,
  config: undefined,
};

let folder = '';
before(async () => {
  folder = temporaryFolder('exec');
});

interface Bench {
  readonly source: ExecCredentials;
  readonly clock: ManualClock;
  readonly stderr: PassThrough;
  /** What the plugin has written into its file `NAME`; empty where it has not. */
  readonly wrote: (name: string) => Promise<string>;
  readonly home: string;
}

/** A plugin whose program is this shell script; `$D` is its folder, and each run adds a line to `$D/runs`. */
async function bench(
  script: string,
  more: { plugin?: Partial<ExecPlugin>; interactive?: boolean } = {},
): Promise<Bench> {
  const home = await mkdtemp(join(folder, 'p-'));
  await writeFile(join(home, 'login'), `#!/bin/sh\necho x >> "$D/runs"\n${script}\n`);
  await chmod(join(home, 'login'), 0o755);
  const plugin: ExecPlugin = {
    apiVersion: V1,
    command: join(home, 'login'),
    args: [],
    env: { D: home },
    installHint: undefined,
    interactiveMode: 'Never',
    provideClusterInfo: false,
    ...more.plugin,
  };
  const clock = new ManualClock();
  const stderr = new PassThrough();
  const env = { PATH: '/usr/bin:/bin' };
  const around = { where: 'config:3:5: user "ada"', cluster: () => cluster, env, stderr, clock };
  const source = new ExecCredentials(plugin, { ...around, interactive: more.interactive ?? false });
  const wrote = (name: string) => readFile(join(home, name), 'utf8').catch(() => '');
  return { source, clock, stderr, wrote, home };
}

/** The script's last lines: it gives a token that tells the number of its run, and ends as told. */
function gives(expirationTimestamp?: string): string {
  const status = JSON.stringify({ token: 'run-N', ...(expirationTimestamp ? { expirationTimestamp } : {}) });
  return `echo '{"apiVersion":"${V1}","kind":"ExecCredential","status":${status}}' | sed "s/run-N/run-$(grep -c x "$D/runs")/"`;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('ExecCredentials', () => {
  it('run the plugin once for many who ask at the same time, and never without being asked', async () => {
    const { source, wrote } = await bench(gives());
    assert.equal(await wrote('runs'), '');
    const all = await Promise.all(Array.from({ length: 10 }, () => source.get(signal)));
    assert.equal(await wrote('runs'), 'x\n');
    assert.equal(new Set(all).size, 1);
    assert.deepEqual(all[0], { token: 'run-1' });
  });

  it('keep what was given until it ends, and without an end for ever', async () => {
    const { source, clock } = await bench(gives('2026-11-24T13:00:00Z'));
    assert.deepEqual(await source.get(signal), { token: 'run-1' });
    clock.pass(3_600_000);
    assert.deepEqual(await source.get(signal), { token: 'run-1' });
    clock.pass(1);
    assert.deepEqual(await source.get(signal), { token: 'run-2' });
    const endless = await bench(gives());
    await endless.source.get(signal);
    endless.clock.pass(1e12);
    assert.deepEqual(await endless.source.get(signal), { token: 'run-1' });
  });

  it('run the plugin again after a 401, once for all who heard it', async () => {
    const { source } = await bench(gives());
    const old = await source.get(signal);
    assert.equal(source.reject(old), true);
    const fresh = await source.get(signal);
    assert.deepEqual(fresh, { token: 'run-2' });
    assert.equal(source.reject(old), true);
    assert.equal(await source.get(signal), fresh);
  });

  it('stay the same object where the plugin gives the same again', async () => {
    const { source, wrote } = await bench(
      `echo '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"t"}}'`,
    );
    const first = await source.get(signal);
    source.reject(first);
    assert.equal(await source.get(signal), first);
    assert.equal(await wrote('runs'), 'x\nx\n');
  });

  it('show what the plugin says on standard error, and never what it prints', async () => {
    const { source, stderr } = await bench(`echo 'open https://login and type ABCD' >&2; ${gives()}`);
    await source.get(signal);
    assert.equal(String(stderr.read()), 'open https://login and type ABCD\n');
  });

  it('stop the plugin when nobody waits for it any more', async () => {
    const { source, wrote } = await bench('echo $$ > "$D/pid"; exec sleep 600');
    const leaving = new AbortController();
    const left = source.get(leaving.signal);
    await until(async () => (await wrote('pid')) !== '');
    leaving.abort(new Error('time is up'));
    await assert.rejects(left, /time is up/);
    const pid = Number(await wrote('pid'));
    await until(() => !isAlive(pid));
  });

  it('kill a plugin that does not want to end, and begin the next run after it', async () => {
    const { source, wrote, home } = await bench(
      `[ -e "$D/pid" ] && { ${gives()}; exit; }; trap '' TERM; echo $$ > "$D/pid"; while :; do sleep 0.05; done`,
    );
    const leaving = new AbortController();
    const left = source.get(leaving.signal);
    await until(async () => (await wrote('pid')) !== '');
    leaving.abort(new Error('time is up'));
    await assert.rejects(left, /time is up/);
    assert.deepEqual(await source.get(signal), { token: 'run-2' });
    assert.equal(isAlive(Number(await readFile(join(home, 'pid'), 'utf8'))), false);
  });

  it('fail for one run only', async () => {
    const { source } = await bench(`[ $(grep -c x "$D/runs") -gt 1 ] || exit 3; ${gives()}`);
    await assert.rejects(source.get(signal), {
      code: 'unauthorized',
      message: /user "ada": exec plugin .*login failed with exit code 3$/,
    });
    assert.deepEqual(await source.get(signal), { token: 'run-2' });
  });

  for (const [title, script, message] of [
    ['that is killed', 'kill -9 $$', /was ended by SIGKILL$/],
    ['that prints without end', 'exec yes secret-token', /printed far more than credentials$/],
    ['whose interpreter is missing', '', /could not be started \(ENOENT\)$/],
  ] as const) {
    it(`say what became of a plugin ${title}`, async () => {
      const { source, home } = await bench(script);
      if (script === '') await writeFile(join(home, 'login'), '#!/no/such/shell\n');
      await assert.rejects(source.get(signal), (error) => {
        assert.ok(error instanceof FaroError);
        assert.match(error.message, message);
        assert.equal(error.cause, undefined, 'a cause repeats the arguments');
        return true;
      });
    });
  }

  it('look for the plugin at every run: it may be installed meanwhile', async () => {
    const { source, home } = await bench(gives(), {
      plugin: { installHint: 'install \u001b[1mlogin\u001b[0m\u0007\n' },
    });
    await chmod(join(home, 'login'), 0o644);
    await assert.rejects(source.get(signal), {
      code: 'kubeconfig',
      message: /is no program that this user may run$/,
      hint: 'install login',
    });
    await chmod(join(home, 'login'), 0o755);
    assert.deepEqual(await source.get(signal), { token: 'run-1' });
  });

  const canSeeStdin = existsSync('/proc/self/fd/0') ? false : 'there is no /proc here';
  for (const [mode, terminal, gets] of [
    ['Never', true, false],
    ['IfAvailable', true, true],
    ['IfAvailable', false, false],
    ['Always', true, true],
  ] as const) {
    const has = terminal ? 'a terminal' : 'no terminal';
    it(`give standard input ${gets ? '' : 'not '}to a plugin with ${mode}, where there is ${has}`, {
      skip: canSeeStdin,
    }, async () => {
      const script = `readlink /proc/$$/fd/0 > "$D/stdin"; printf '%s' "$KUBERNETES_EXEC_INFO" > "$D/info"; ${gives()}`;
      const { source, wrote } = await bench(script, { plugin: { interactiveMode: mode }, interactive: terminal });
      await source.get(signal);
      assert.deepEqual(JSON.parse(await wrote('info')).spec, { interactive: gets });
      assert.equal((await wrote('stdin')).trim(), gets ? readlinkSync('/proc/self/fd/0') : '/dev/null');
    });
  }

  it('refuse a plugin that must ask where there is no terminal, without running it', async () => {
    const { source, wrote } = await bench(gives(), { plugin: { interactiveMode: 'Always' } });
    await assert.rejects(source.get(signal), { code: 'kubeconfig', message: /wants to ask on the terminal/ });
    assert.equal(await wrote('runs'), '');
  });
});
