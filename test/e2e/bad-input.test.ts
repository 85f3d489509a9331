import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../cluster/build.ts';
import { temporaryFolder } from '../folder.ts';
import { faro } from './capture.ts';
import { realCluster, skipped } from './cluster.ts';

const options = { skip: skipped };
const folder = temporaryFolder('bad');
const output = join(folder, 'story.json');

interface Config {
  clusters: { cluster: Record<string, string> }[];
  users: { user: Record<string, string> }[];
  'current-context': string;
}

/** A copy of the real kubeconfig with something wrong in it. */
async function broken(name: string, change: (config: Config) => void): Promise<string> {
  const { kubeconfig } = await realCluster();
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Config;
  change(config);
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function refused(args: readonly string[], expected: { code: number; says: RegExp }): Promise<void> {
  const { kubeconfig } = await realCluster();
  const given = args.includes('--kubeconfig') ? args : [...args, '--kubeconfig', kubeconfig];
  const { code, stderr } = await faro(['capture', ...given, ...(args.includes('-o') ? [] : ['-o', output])]).exit;
  assert.match(stderr, expected.says);
  assert.equal(code, expected.code, stderr);
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.ok(stderr.trim().split('\n').length <= 3, stderr);
}

test('an unknown type is refused with the nearest that exists', options, () =>
  refused(['deploiment/web'], { code: 2, says: /no type "deploiment".*\n.*deployments/ }),
);

test('faro check refuses an unknown type, too, and says that a target does not exist', options, async () => {
  const { kubeconfig } = await realCluster();
  const checked = (target: string) => faro(['check', target, '-n', 'default', '--kubeconfig', kubeconfig]).exit;
  const [unknown, missing] = await Promise.all([checked('deploiment/web'), checked('deployment/nope')]);
  assert.deepEqual([unknown.code, missing.code], [2, 0]);
  assert.match(unknown.stderr, /no type "deploiment".*\n.*deployments/);
  assert.match(missing.stdout, /^# there is no Deployment "nope" in namespace "default"\n# yes/);
});

test('a reader that goes away ends the command with a line, not with a stack trace', options, async () => {
  const command = `${process.execPath} src/main.ts completion bash | true`;
  const { stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  assert.doesNotMatch(stderr, /\n {4}at |Unhandled/);
});

test('a type that may be several is refused with all of them', options, async () => {
  const { kubectl } = await realCluster();
  const groups = ['a.faro.test', 'b.faro.test'];
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const crds = groups.map((group) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  }));
  for (const crd of crds) await kubectl(['apply', '-f', '-'], crd);
  try {
    for (const group of groups) await kubectl(['wait', '--for=condition=Established', `crd/gadgets.${group}`]);
    await refused(['gadget/x'], { code: 2, says: /gadgets\.a\.faro\.test[\s\S]*gadgets\.b\.faro\.test/ });
  } finally {
    for (const group of groups) await kubectl(['delete', 'crd', `gadgets.${group}`, '--wait=false']);
  }
});

test('an object that is no TYPE/NAME is refused with an example', options, () =>
  refused(['web'], { code: 2, says: /"web" names no object.*\n.*deployment\/web/ }),
);

test('a namespace that does not exist is named', options, () =>
  refused(['deploy/web', '-n', 'nowhere'], { code: 2, says: /no namespace "nowhere"/ }),
);

test('an object that does not exist is named, with --wait as the way out', options, () =>
  refused(['deploy/web', '-n', 'default'], {
    code: 2,
    says: /no Deployment "web" in namespace "default"[\s\S]*--wait/,
  }),
);

test('a kubeconfig that is not there or not YAML is named, with line and column', options, async () => {
  await refused(['deploy/web', '--kubeconfig', '/nowhere/config'], { code: 2, says: /\/nowhere\/config/ });
  const file = join(folder, 'yaml');
  writeFileSync(file, 'apiVersion: v1\nclusters: [\n  {name: x\n');
  await refused(['deploy/web', '--kubeconfig', file], { code: 2, says: /yaml:\d+:\d+/ });
});

test('a context that does not exist is refused with those that do', options, () =>
  refused(['deploy/web', '--context', 'prod'], { code: 2, says: /prod[\s\S]*test/ }),
);

test('a refused connection names the server', options, async () => {
  const file = await broken('refused', ({ clusters }) => {
    for (const { cluster } of clusters) cluster.server = 'https://127.0.0.1:1';
  });
  await refused(['deploy/web', '--kubeconfig', file], { code: 3, says: /127\.0\.0\.1:1.*refused/ });
});

test('a server that another authority has signed is not trusted', options, async () => {
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=other',
    '-keyout',
    join(folder, 'o.key'),
    '-out',
    join(folder, 'o.crt'),
  ]);
  const file = await broken('other-ca', ({ clusters }) => {
    for (const { cluster } of clusters)
      cluster['certificate-authority-data'] = readFileSync(join(folder, 'o.crt')).toString('base64');
  });
  await refused(['deploy/web', '--kubeconfig', file], {
    code: 3,
    says: /certificate is not signed by the kubeconfig's certificate authority/,
  });
});

test('a client certificate that has expired is named', options, async () => {
  const file = await broken('expired', () => undefined);
  const { kubeconfig } = await realCluster();
  const pki = join(kubeconfig, '../pki');
  const [key, csr, crt] = ['e.key', 'e.csr', 'e.crt'].map((name) => join(folder, name)) as [string, string, string];
  await run('openssl', [
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/O=system:masters/CN=late',
    '-keyout',
    key,
    '-out',
    csr,
  ]);
  await run('openssl', [
    'x509',
    '-req',
    '-in',
    csr,
    '-CA',
    join(pki, 'ca.crt'),
    '-CAkey',
    join(pki, 'ca.key'),
    '-set_serial',
    '7',
    '-days',
    '-1',
    '-out',
    crt,
  ]);
  const config = JSON.parse(readFileSync(file, 'utf8')) as Config;
  for (const { user } of config.users) {
    user['client-certificate-data'] = readFileSync(crt).toString('base64');
    user['client-key-data'] = readFileSync(key).toString('base64');
  }
  writeFileSync(file, JSON.stringify(config));
  await refused(['deploy/web', '--kubeconfig', file], { code: 3, says: /certificate.* expired on \d{4}-/ });
});

test('an output that cannot be written is refused before anything is recorded', options, async () => {
  await refused(['deploy/web', '-o', join(folder, 'no/story.json')], { code: 4, says: /there is no folder/ });
  await refused(['deploy/web', '-o', folder], { code: 2, says: /does not know this kind of file/ });
  writeFileSync(output, 'precious');
  await refused(['deploy/web', '-o', output], { code: 4, says: /exists already[\s\S]*--force/ });
  assert.equal(readFileSync(output, 'utf8'), 'precious');
});

test('a folder that may not be written to is refused', options, async () => {
  const locked = join(folder, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  // root may write anywhere but into /proc
  const target = process.getuid?.() === 0 ? '/proc/story.json' : join(locked, 'story.json');
  await refused(['deploy/web', '-o', target], { code: 4, says: /not writable|could not be written|cannot be created/ });
});

test('options that contradict each other are refused', options, async () => {
  await refused(['deploy/web', '--timeout', '5s'], { code: 2, says: /--timeout needs --until/ });
  await refused(['deploy/web', '--for', 'soon'], { code: 2, says: /"soon" is not a duration/ });
  await refused(['deploy/web', '--tail', 'all'], { code: 2, says: /--tail: "all" is not a whole number/ });
  const files = ['--log-route', 'node-files'];
  await refused(['deploy/web', '--tail', '3', ...files], { code: 2, says: /--tail needs .*--log-route node-files/ });
  await refused(['deploy/web', '--since', '1m', '--no-logs'], { code: 2, says: /--since and --no-logs contradict/ });
  const direct = ['--kubelet-direct', '--log-route', 'stream'];
  await refused(['deploy/web', ...direct], { code: 2, says: /--kubelet-direct .*--log-route stream/ });
  await refused(['deploy/web', '--kubelet-port', '10255'], { code: 2, says: /--kubelet-port.* need --kubelet-direct/ });
});
