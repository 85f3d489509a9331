import { stringify } from 'yaml';
import { base64, certificateFields, kubeconfig, oneFile, type Row, type Stage } from './row.ts';

/** The service account of a pod, as the kubelet lays it. */
function podFiles({ people }: Stage): Record<string, string> {
  return { 'pod/token': people.tokens.grace, 'pod/ca.crt': people.authority.cert, 'pod/namespace': 'shop\n' };
}

function podEnv({ port }: Stage): Record<string, string> {
  return { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) };
}

/** Parts of a kubeconfig, so that several files can be merged. */
const clusters = (stage: Stage, name = 'dev', fields: Record<string, unknown> = {}): unknown => [
  {
    name,
    cluster: { server: stage.server, 'certificate-authority-data': base64(stage.people.authority.cert), ...fields },
  },
];
const users = (token: string, name = 'ada'): unknown => [{ name, user: { token } }];
const contexts = (name: string, fields: Record<string, unknown> = {}): unknown => [
  { name, context: { cluster: 'dev', user: 'ada', ...fields } },
];

function list(stage: Stage, ...names: string[]): Record<string, string> {
  return { KUBECONFIG: names.map((name) => (name === '' ? '' : `${stage.folder}/${name}`)).join(':') };
}

export const fileRows: readonly Row[] = [
  {
    title: '~/.kube/config by itself',
    setup: (stage) => ({ files: { 'home/.kube/config': kubeconfig(stage) }, byDefault: true }),
    expect: { token: 'ada' },
  },
  {
    title: 'KUBECONFIG instead of ~/.kube/config',
    setup: (stage) => ({
      files: { 'home/.kube/config': 'not: [read', mine: kubeconfig(stage) },
      env: list(stage, 'mine'),
      byDefault: true,
    }),
    expect: { token: 'ada' },
  },
  {
    title: '--kubeconfig instead of KUBECONFIG',
    setup: (stage) => ({ files: { config: kubeconfig(stage), other: 'not: [read' }, env: list(stage, 'other') }),
    expect: { token: 'ada' },
  },
  {
    title: 'cluster, user and context over three files',
    setup: (stage) => ({
      files: {
        a: stringify({ 'current-context': 'main', contexts: contexts('main', { namespace: 'shop' }) }),
        b: stringify({ clusters: clusters(stage) }),
        c: stringify({ users: users(stage.people.tokens.ada) }),
      },
      env: list(stage, 'a', 'b', 'c'),
      byDefault: true,
    }),
    expect: { token: 'ada', namespace: 'shop' },
  },
  {
    title: 'the same names in two files: the first counts, whole',
    setup: (stage) => ({
      files: {
        a: kubeconfig(stage, { user: { token: stage.people.tokens.grace } }),
        b: kubeconfig(stage, {
          cluster: { server: 'https://127.0.0.1:1', 'tls-server-name': 'wrong.test' },
          user: certificateFields(stage.people.ada),
          context: { namespace: 'wrong' },
        }),
      },
      env: list(stage, 'a', 'b'),
      byDefault: true,
    }),
    expect: { token: 'grace', certificate: null, namespace: 'default', sni: null },
  },
  {
    title: 'the first current-context counts',
    setup: (stage) => ({
      files: {
        a: stringify({ contexts: contexts('second', { namespace: 'a' }), clusters: clusters(stage) }),
        b: stringify({ 'current-context': 'second', users: users(stage.people.tokens.ada) }),
        c: stringify({ 'current-context': 'third', contexts: contexts('third', { namespace: 'c' }) }),
      },
      env: list(stage, 'a', 'b', 'c'),
      byDefault: true,
    }),
    expect: { token: 'ada', namespace: 'a' },
  },
  {
    title: 'files of the list that are not there, empty names and the same file twice',
    setup: (stage) => ({
      files: { a: kubeconfig(stage), empty: '' },
      env: list(stage, 'gone', '', 'a', 'empty', 'a', 'gone-too'),
      byDefault: true,
    }),
    expect: { token: 'ada' },
  },
  {
    title: "a relative path is meant from its own file's folder",
    setup: (stage) => ({
      files: {
        'one/a': stringify({
          'current-context': 'main',
          contexts: contexts('main'),
          users: [{ name: 'ada', user: { tokenFile: 'token' } }],
        }),
        'one/token': stage.people.tokens.ada,
        'two/b': stringify({
          clusters: clusters(stage, 'dev', {
            'certificate-authority-data': '',
            'certificate-authority': '../ca/ca.crt',
          }),
        }),
        'two/token': 'wrong',
        'ca/ca.crt': stage.people.authority.cert,
      },
      env: list(stage, 'one/a', 'two/b'),
      byDefault: true,
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'one broken file in the list',
    setup: (stage) => ({
      files: { a: kubeconfig(stage), b: 'clusters: [\n' },
      env: list(stage, 'a', 'b'),
      byDefault: true,
    }),
    expect: /\/b:\d+:\d+: YAML: /,
  },
  {
    title: 'a folder in the list',
    setup: (stage) => ({ files: { a: kubeconfig(stage), 'b/c': '' }, env: list(stage, 'a', 'b'), byDefault: true }),
    expect: /\/b is a folder, not a file/,
  },
  {
    title: 'no file of the list is there',
    setup: (stage) => ({ env: list(stage, 'gone', 'lost'), byDefault: true }),
    expect: /no cluster is named: .*gone, .*lost not found, and this is no pod of a cluster\nChoose a context/,
  },
  {
    title: 'nothing at all',
    setup: () => ({ byDefault: true }),
    expect: /no cluster is named: .*home\/\.kube\/config not found/,
  },
  {
    title: '--kubeconfig names a file that is not there',
    setup: (stage) => ({ flags: { kubeconfig: `${stage.folder}/gone` } }),
    expect: /--kubeconfig: .*gone does not exist/,
  },
  {
    title: 'an empty file',
    setup: () => ({ files: { config: '' } }),
    expect: /no cluster is named: .*config has no current-context\nThe kubeconfig has no contexts/,
  },
  {
    title: 'a file of comments',
    setup: () => ({ files: { config: '# nothing yet\n' } }),
    expect: /no cluster is named/,
  },
  {
    title: 'a server by flags alone',
    setup: (stage) => ({
      files: { 'ca.crt': stage.people.authority.cert },
      flags: { server: stage.server, token: stage.people.tokens.ada, certificateAuthority: `${stage.folder}/ca.crt` },
      byDefault: true,
    }),
    expect: { token: 'ada', namespace: 'default' },
  },
  {
    title: 'another context by --context',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          more: { 'current-context': 'elsewhere', contexts: contexts('main', { namespace: 'shop' }) },
        }),
      },
      flags: { context: 'main' },
    }),
    expect: { token: 'ada', namespace: 'shop' },
  },
  {
    title: '--cluster, --user and --namespace over the context',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          context: { cluster: 'gone', user: 'gone', namespace: 'gone' },
          more: { users: users(stage.people.tokens.grace, 'grace') },
        }),
      },
      flags: { cluster: 'dev', user: 'grace', namespace: 'till' },
    }),
    expect: { token: 'grace', namespace: 'till' },
  },
  {
    title: '--cluster and --user without any context',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { more: { 'current-context': '', contexts: null } }) },
      flags: { cluster: 'dev', user: 'ada' },
    }),
    expect: { token: 'ada' },
  },
  {
    title: '--context names none that is there',
    setup: (stage) => ({ files: { config: kubeconfig(stage) }, flags: { context: 'prod' } }),
    expect: /^--context: there is no context "prod"\nThe kubeconfig has the contexts main/,
  },
  {
    title: '--cluster names none that is there',
    setup: (stage) => ({ files: { config: kubeconfig(stage) }, flags: { cluster: 'prod' } }),
    expect: /^--cluster: there is no cluster "prod"\nThe kubeconfig has the clusters dev/,
  },
  {
    title: '--user names none that is there',
    setup: (stage) => ({ files: { config: kubeconfig(stage) }, flags: { user: 'root' } }),
    expect: /^--user: there is no user "root"\nThe kubeconfig has the users ada/,
  },
  {
    title: 'a current-context that is not there',
    setup: oneFile(() => ({ more: { 'current-context': 'prod' } })),
    expect: /config:3:18: current-context: there is no context "prod"\nThe kubeconfig has the contexts main/,
  },
  {
    title: 'no current-context',
    setup: oneFile(() => ({ more: { 'current-context': '' } })),
    expect: /no cluster is named: .*config has no current-context\nThe kubeconfig has the contexts main/,
  },
  {
    title: 'a context whose cluster is not there',
    setup: oneFile(() => ({ context: { cluster: 'prod' } })),
    expect: /config:\d+:\d+: context "main": there is no cluster "prod"\nThe kubeconfig has the clusters dev/,
  },
  {
    title: 'a context whose user is not there',
    setup: oneFile(() => ({ context: { user: 'root' } })),
    expect: /config:\d+:\d+: context "main": there is no user "root"\nThe kubeconfig has the users ada/,
  },
  {
    title: 'a context without a cluster',
    setup: oneFile(() => ({ context: { cluster: '' } })),
    expect: /config:\d+:\d+: context "main": it names no cluster/,
  },
  {
    title: 'a context that is broken, beside the one that is used',
    setup: oneFile(({ people, server }) => ({
      more: {
        contexts: [
          { name: 'main', context: { cluster: 'dev', user: 'ada' } },
          { name: 'broken', context: { cluster: 'gone', user: 'gone' } },
        ],
        users: [
          { name: 'ada', user: { token: people.tokens.ada } },
          { name: 'broken', user: { 'client-certificate': '/gone', exec: { command: '' } } },
        ],
        clusters: [
          { name: 'dev', cluster: { server, 'certificate-authority-data': base64(people.authority.cert) } },
          { name: 'broken', cluster: { 'certificate-authority': '/gone' } },
        ],
      },
    })),
    expect: { token: 'ada' },
  },
  {
    title: 'in a pod, without a kubeconfig',
    setup: (stage) => ({ files: podFiles(stage), env: podEnv(stage), inPod: true }),
    expect: { token: 'grace', namespace: 'shop' },
  },
  {
    title: 'in a pod, with a namespace by the environment and a user to impersonate',
    setup: (stage) => ({
      files: podFiles(stage),
      env: { ...podEnv(stage), POD_NAMESPACE: 'till' },
      flags: { as: 'ada' },
      inPod: true,
    }),
    expect: { token: 'grace', namespace: 'till', impersonate: { 'impersonate-user': 'ada' } },
    kubectl: 'fails', // It forgets the pod as soon as somebody is impersonated, and tries localhost:8080.
  },
  {
    title: 'in a pod, with --token and --namespace',
    setup: (stage) => ({
      files: podFiles(stage),
      env: podEnv(stage),
      flags: { token: stage.people.tokens.ada, namespace: 'till' },
      inPod: true,
    }),
    expect: { token: 'ada', namespace: 'till' },
  },
  {
    title: 'in a pod, with a kubeconfig that names a server',
    setup: (stage) => ({
      files: { ...podFiles(stage), 'home/.kube/config': kubeconfig(stage) },
      env: podEnv(stage),
      inPod: true,
    }),
    expect: { token: 'ada', namespace: 'shop' },
  },
  {
    title: 'in a pod, with a kubeconfig without a current-context',
    setup: (stage) => ({
      files: { ...podFiles(stage), 'home/.kube/config': kubeconfig(stage, { more: { 'current-context': '' } }) },
      env: podEnv(stage),
      inPod: true,
    }),
    expect: { token: 'grace', namespace: 'shop' },
  },
  {
    title: 'in a pod, with a context whose cluster is not there',
    setup: (stage) => ({
      files: {
        ...podFiles(stage),
        'home/.kube/config': kubeconfig(stage, { context: { cluster: 'gone', namespace: 'till' } }),
      },
      env: podEnv(stage),
      inPod: true,
    }),
    expect: { token: 'grace', namespace: 'till' },
    warns: /there is no cluster "gone"; connecting to the cluster of this pod/,
  },
  {
    title: 'in a pod whose token is not there',
    setup: (stage) => ({ files: { 'pod/ca.crt': stage.people.authority.cert }, env: podEnv(stage), inPod: true }),
    expect: /no cluster is named/,
  },
  {
    title: 'in a pod whose authority is broken',
    setup: (stage) => ({ files: { ...podFiles(stage), 'pod/ca.crt': 'broken' }, env: podEnv(stage), inPod: true }),
    expect: /its certificate is not signed by the system's certificate authorities/,
    warns: /ca\.crt holds no certificate that can be read/,
  },
];
