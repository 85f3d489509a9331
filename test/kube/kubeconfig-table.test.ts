import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { leakTester, makePeople } from './config-table/certificates.ts';
import { ClientNode } from './config-table/client-node.ts';
import { runFaro } from './config-table/faro.ts';
import { canBePod, findKubectl, runKubectl } from './config-table/kubectl.ts';
import { startProxies } from './config-table/proxies.ts';
import type { Row, Setup, Stage } from './config-table/row.ts';
import { rows } from './config-table/rows.ts';
import { type Seen, startServer } from './config-table/server.ts';

const people = await makePeople();
const leakOf = leakTester(people);
const kubectl = await findKubectl(process.env);
const podPossible = await canBePod();
const clientNode = new ClientNode();
const tally = { connect: 0, kubectl: 0, clientNode: 0, clientNodeFails: [] as string[] };

if (kubectl === undefined && process.env.CI === 'true') {
  throw new Error('CI needs kubectl for the kubeconfig table: name it by FARO_TEST_KUBECTL');
}

async function lay(folder: string, files: Setup['files'] = {}): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    if (content.toString().startsWith('#!')) await chmod(path, 0o755);
  }
}

async function judge(row: Row, report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'faro-kubeconfig-'));
  await using api = await startServer(people);
  await using proxies = await startProxies(api, people);
  const { port, plainPort } = api;
  const stage: Stage = { people, folder, server: `https://127.0.0.1:${port}`, port, plainPort, proxies };
  try {
    const setup = row.setup(stage);
    await lay(folder, setup.files);
    const env = { PATH: process.env.PATH ?? '', HOME: join(folder, 'home'), ...setup.env };
    const explicit = setup.byDefault || setup.inPod || setup.flags?.kubeconfig !== undefined;
    const flags = { ...(explicit ? {} : { kubeconfig: join(folder, 'config') }), ...setup.flags };
    const inPod = setup.inPod === true;

    const faro = await runFaro(stage, { flags, env });
    const left = row.sameFile ? JSON.parse(await readFile(join(folder, row.sameFile), 'utf8')) : undefined;
    const seenByFaro = [api.take(), proxies.take()] as const;
    assert.equal(leakOf(faro.output), undefined, 'a secret, or a piece of one, was shown');
    if (row.expect instanceof RegExp) {
      assert.match(faro.error, row.expect);
      assert.doesNotMatch(faro.error, /^UNEXPECTED/);
    } else {
      assert.equal(faro.error, '');
      assert.partialDeepStrictEqual(seenByFaro[0].at(-1), row.expect);
      tally.connect += 1;
    }
    if (row.warns !== undefined) assert.match(faro.warnings.join('\n'), row.warns);

    if (kubectl !== undefined && (!inPod || podPossible)) {
      const judged = await runKubectl(kubectl, stage, { flags, env, inPod });
      const seen = [api.take(), proxies.take()] as const;
      const verdict = row.kubectl ?? faro.verdict;
      assert.equal(judged.verdict, verdict, `kubectl: ${judged.output}`);
      tally.kubectl += 1;
      if (verdict === 'connects' && faro.verdict === 'fails')
        assert.ok(row.refusedOnPurpose, 'kubectl connects and Faro does not');
      if (verdict === 'connects' && faro.verdict === 'connects') {
        if (row.kubectlSees) assert.partialDeepStrictEqual(seen[0].at(-1), row.kubectlSees);
        else assert.deepEqual(seenByFaro[0].at(-1), seen[0].at(-1), 'the server saw another user');
        if (row.sameFile) assert.deepEqual(left, JSON.parse(await readFile(join(folder, row.sameFile), 'utf8')));
        assert.deepEqual(new Set(seenByFaro[1]), new Set(seen[1]), 'the proxy was asked for something else');
      }
    } else
      report(
        kubectl === undefined ? 'not compared with kubectl: there is none' : 'not compared with kubectl: no pod here',
      );

    const { kubeconfig, context, ...others } = flags;
    if (Object.keys(others).length > 0 || inPod) return;
    const peer = await clientNode.run({ env, kubeconfig, context });
    api.take();
    tally.clientNode += 1;
    if (peer.verdict !== faro.verdict) report(`@kubernetes/client-node ${peer.verdict}, Faro ${faro.verdict}`);
    if (peer.verdict === 'fails' && faro.verdict === 'connects') tally.clientNodeFails.push(row.title);
    if (peer.verdict === 'connects' && faro.verdict === 'fails') report('ALERT only client-node');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the kubeconfig table', { concurrency: 4 }, () => {
  after(() => clientNode[Symbol.asyncDispose]());
  for (const row of rows) it(row.title, (test) => judge(row, (line) => test.diagnostic(line)));
});
