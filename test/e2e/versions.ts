import { spawnSync } from 'node:child_process';
import type { Version } from '../cluster/build.ts';
import { Cluster } from '../cluster/cluster.ts';

/**
 * The end-to-end scenarios on the other supported version, and on API servers that lack what Faro prefers: a part of
 * `npm run acceptance`, for the first build of another version takes about ten minutes. Arguments: the number of the
 * cluster ($FARO_CLUSTER_NUMBER, or 4), and words of the titles of variants.
 */
interface Variant {
  readonly title: string;
  readonly version: Version;
  readonly apiserverArgs: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  { title: 'Kubernetes 1.34.4', version: '1.34.4', apiserverArgs: [] },
  {
    title: '1.34.4 without WatchList, Events only in core/v1',
    version: '1.34.4',
    apiserverArgs: ['--feature-gates=WatchList=false', '--runtime-config=events.k8s.io/v1=false'],
  },
  {
    title: '1.37.2 without WatchList, Events only in core/v1',
    version: '1.37.2',
    apiserverArgs: ['--feature-gates=WatchList=false', '--runtime-config=events.k8s.io/v1=false'],
  },
];
const TESTS = ['scenarios', 'permissions', 'related', 'crossing'].map((name) => `test/e2e/${name}.test.ts`);

const [number = process.env.FARO_CLUSTER_NUMBER ?? '4', ...words] = process.argv.slice(2);
for (const { title, version, apiserverArgs } of VARIANTS) {
  if (!words.every((word) => title.includes(word))) continue;
  await using cluster = await Cluster.start({ version, number: Number(number), settings: { apiserverArgs } });
  const env = { FARO_TEST_KUBECONFIG: cluster.kubeconfig, FARO_TEST_KUBECTL: cluster.kubectlPath, CI: 'true' };
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-timeout=300000', ...TESTS], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(`${stdout}| ${title} | ${status === 0 ? 'holds' : 'FAILS'} |\n`);
  if (status !== 0) process.exitCode = 1;
}
