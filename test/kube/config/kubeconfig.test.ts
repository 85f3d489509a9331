import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type Kubeconfig, mergeKubeconfigs, parseKubeconfig } from '../../../src/kube/config/kubeconfig.ts';
import { holds } from '../../property.ts';

const parse = (text: string, file = '/home/ada/.kube/config'): Kubeconfig => parseKubeconfig(Buffer.from(text), file);

describe('parseKubeconfig', () => {
  const config = parse(`current-context: main
clusters:
- name: dev
  cluster:
    server: https://dev
    certificate-authority: ca.crt
users:
-
- name: ada
  user:
    tokenFile: /run/token
    client-certificate: pki/../ada.crt
    exec: {command: bin/login, apiVersion: v1}
- {name: grace, user: {exec: {command: login}}}
- name: nobody
contexts: [{name: main, context: {cluster: dev, user: ada}}]
`);

  it('makes relative paths absolute, by the folder of the file', () => {
    assert.equal(config.clusters.get('dev')?.value['certificate-authority'], '/home/ada/.kube/ca.crt');
    const ada = config.users.get('ada')?.value;
    assert.equal(ada?.tokenFile, '/run/token');
    assert.equal(ada?.['client-certificate'], '/home/ada/.kube/ada.crt');
    assert.equal(ada?.exec?.command, '/home/ada/.kube/bin/login');
    assert.equal(config.users.get('grace')?.value.exec?.command, 'login');
  });

  it('knows where each entry and field stands', () => {
    const dev = config.clusters.get('dev');
    assert.equal(dev?.at(), '/home/ada/.kube/config:3:3');
    assert.equal(dev?.at('server'), '/home/ada/.kube/config:5:13');
    assert.equal(config.users.get('ada')?.at('exec', 'command'), '/home/ada/.kube/config:13:21');
    assert.equal(config.users.get('ada')?.at('token'), '/home/ada/.kube/config:11:5');
    assert.equal(config.currentContext?.place, '/home/ada/.kube/config:1:18');
  });

  it('reads entries without fields, and passes over empty items', () => {
    assert.deepEqual([...config.users.keys()], ['ada', 'grace', 'nobody']);
    assert.equal(config.users.get('nobody')?.value.token, undefined);
  });

  it('names a file as it was given', () => {
    assert.equal(parse('clusters: [{name: a}]', 'k.yaml').clusters.get('a')?.at(), 'k.yaml:1:12');
  });

  for (const [text, message] of [
    [
      'users: [{name: ada, user: {as-user-extra: {why: because}}}]',
      'f:1:49: users[0].user.as-user-extra.why must be a list, not text',
    ],
    [
      'users: [{name: ada, user: {exec: {args: [1]}}}]',
      'f:1:42: users[0].user.exec.args[0] must be text, not a number',
    ],
    ['users: [{name: ada, user: secret}]', 'f:1:27: users[0].user must be a map of fields, not text'],
    ['users: [secret]', 'f:1:9: users[0] must be a map of fields, not text'],
    [
      'clusters: [{name: dev, cluster: {disable-compression: 1}}]',
      'f:1:55: clusters[0].cluster.disable-compression must be true or false, not a number',
    ],
    ['current-context: [main]', 'f:1:18: current-context must be text, not a list'],
    ['[]', 'f:1:1: the file must be a map of fields, not a list'],
    ['kind: Pod', 'f:1:7: kind is "Pod": this is no kubeconfig (kind: Config)'],
    ['apiVersion: v1beta1', 'f:1:13: apiVersion is "v1beta1": this is no kubeconfig (apiVersion: v1)'],
    ['contexts: [{name: a}, {name: a}]', 'f:1:23: context "a" is there a second time, after f:1:12'],
    ['contexts: [{}, {}]', 'f:1:16: context is there a second time, after f:1:12'],
  ] as const) {
    it(`refuses ${text}`, () => assert.throws(() => parse(text, 'f'), { code: 'kubeconfig', message }));
  }
});

describe('mergeKubeconfigs', () => {
  /** A file as its names and who wrote it: each entry's value tells the file it comes from. */
  const file = fc.record({
    current: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    clusters: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    users: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
  });

  it('takes each name from the first file that has it, whole, and the first current-context', () => {
    holds(
      fc.property(fc.array(file, { maxLength: 5 }), (files) => {
        const parsed = files.map(({ current, clusters, users }, index) =>
          parse(
            stringify({
              ...(current === undefined ? {} : { 'current-context': current }),
              clusters: clusters.map((name) => ({ name, cluster: { server: `https://${index}` } })),
              users: users.map((name) => ({ name, user: { token: `t${index}` } })),
            }),
            `file${index}`,
          ),
        );
        const merged = mergeKubeconfigs(parsed);
        assert.equal(merged.currentContext?.name, files.find(({ current }) => current !== undefined)?.current);
        for (const name of ['a', 'b', 'c'] as const) {
          const firstCluster = files.findIndex(({ clusters }) => clusters.includes(name));
          const firstUser = files.findIndex(({ users }) => users.includes(name));
          assert.equal(
            merged.clusters.get(name)?.value.server,
            firstCluster < 0 ? undefined : `https://${firstCluster}`,
          );
          assert.equal(merged.users.get(name)?.value.token, firstUser < 0 ? undefined : `t${firstUser}`);
          assert.equal(merged.users.get(name)?.at().split(':')[0], firstUser < 0 ? undefined : `file${firstUser}`);
        }
      }),
    );
  });

  it('makes an empty one of none', () => {
    assert.deepEqual(mergeKubeconfigs([]), {
      currentContext: undefined,
      clusters: new Map(),
      users: new Map(),
      contexts: new Map(),
    });
  });
});
