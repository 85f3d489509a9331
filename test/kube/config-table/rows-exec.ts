import { base64, kubeconfig, oneFile, program, type Row, type Stage } from './row.ts';

const V1 = 'client.authentication.k8s.io/v1';
const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

function exec(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { exec: { apiVersion: V1, command: './bin/login', interactiveMode: 'Never', ...fields } };
}

function answer(status: unknown, apiVersion = V1): string {
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
}

/** A kubeconfig whose plugin `./bin/login` is this program. */
function plugin(
  text: (stage: Stage) => string,
  fields: Record<string, unknown> = {},
  cluster: Record<string, unknown> = {},
) {
  return (stage: Stage) => ({
    files: { config: kubeconfig(stage, { user: exec(fields), cluster }), 'bin/login': text(stage) },
  });
}

const givesToken = ({ people }: Stage): string => program(answer({ token: people.tokens.ada }));

export const execRows: readonly Row[] = [
  {
    title: 'an exec plugin that gives a token',
    setup: plugin(givesToken),
    expect: { token: 'ada', certificate: null },
  },
  {
    title: 'an exec plugin of v1beta1, which needs no interactiveMode',
    setup: plugin(({ people }) => program(answer({ token: people.tokens.ada }, V1BETA1)), {
      apiVersion: V1BETA1,
      interactiveMode: undefined,
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin that gives a client certificate',
    setup: plugin(({ people }) =>
      program(answer({ clientCertificateData: people.ada.cert, clientKeyData: people.ada.key })),
    ),
    expect: { certificate: 'ada', token: null },
  },
  {
    title: 'an exec plugin that gives both, with an end in the future',
    setup: plugin(({ people }) =>
      program(
        answer({
          token: people.tokens.grace,
          clientCertificateData: people.ada.cert,
          clientKeyData: people.ada.key,
          expirationTimestamp: '2040-01-01T00:00:00+02:00',
        }),
      ),
    ),
    expect: { certificate: 'ada', token: 'grace' },
  },
  {
    title: 'an exec plugin whose token has expired already is used all the same',
    setup: plugin(({ people }) =>
      program(answer({ token: people.tokens.ada, expirationTimestamp: '2020-01-01T00:00:00Z' })),
    ),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin whose first token the server refuses: it is run again, and the request sent again',
    setup: plugin(
      ({ people, folder }) =>
        `#!/bin/sh\n[ -e ${folder}/ran ] && t=${people.tokens.ada} || t=old\ntouch ${folder}/ran\n` +
        `echo '${answer({ token: 'TOKEN' })}' | sed "s/TOKEN/$t/"\n`,
    ),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin whose token has a line break',
    setup: plugin(({ people }) => program(answer({ token: `${people.tokens.ada}\nx` }))),
    expect: /printed a token that no header can carry/,
  },
  {
    title: 'an exec plugin that answers in YAML',
    setup: plugin(({ people }) =>
      program(`apiVersion: ${V1}\nkind: ExecCredential\nstatus:\n  token: ${people.tokens.ada}`),
    ),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin found in PATH, with args and env',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          user: exec({
            command: 'faro-login',
            args: ['--who', "it's $HOME"],
            env: [
              { name: 'WHO', value: 'ada' },
              { name: 'HOME', value: '/nowhere' },
            ],
          }),
        }),
        'bin/faro-login': program(
          answer({ token: stage.people.tokens.ada }),
          `[ "$1|$2|$WHO|$HOME|$FROM" = "--who|it's \\$HOME|ada|/nowhere|outside" ] || exit 9\n`,
        ),
      },
      env: { PATH: `${stage.folder}/bin:/usr/bin:/bin`, FROM: 'outside' },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin beside a token is not run',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { ...exec(), token: stage.people.tokens.ada } }),
        'bin/login': '#!/bin/sh\nexit 7\n',
      },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'an exec plugin beside --token is not run',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { user: exec() }), 'bin/login': '#!/bin/sh\nexit 7\n' },
      flags: { token: stage.people.tokens.grace },
    }),
    expect: { token: 'grace' },
  },
  {
    title: 'an exec plugin learns of the cluster what kubectl tells it',
    setup: plugin(
      ({ people, folder }) =>
        program(answer({ token: people.tokens.ada }), `printf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/info\n`),
      { provideClusterInfo: true },
      {
        'tls-server-name': 'api.faro.test',
        'disable-compression': true,
        extensions: [
          { name: 'client.authentication.k8s.io/exec', extension: { audience: 'shop', list: [1, { deep: true }] } },
          { name: 'another', extension: 'text' },
        ],
      },
    ),
    expect: { token: 'ada', sni: 'api.faro.test' },
    sameFile: 'info',
  },
  {
    title: 'an exec plugin learns of a cluster behind a proxy, with its authority in a file, what kubectl tells it',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          user: exec({ provideClusterInfo: true, interactiveMode: 'IfAvailable' }),
          cluster: {
            server: `${stage.server}/prefix`,
            'certificate-authority': 'ca.crt',
            'proxy-url': `http://127.0.0.1:${stage.proxies.http}`,
          },
        }),
        'ca.crt': `# the authority\n${stage.people.authority.cert}`,
        'bin/login': program(
          answer({ token: stage.people.tokens.ada }),
          `printf '%s' "$KUBERNETES_EXEC_INFO" > ${stage.folder}/info\n`,
        ),
      },
    }),
    expect: { token: 'ada', path: '/prefix', via: 'http proxy' },
    sameFile: 'info',
  },
  {
    title: 'an exec plugin that is told nothing of the cluster',
    setup: plugin(
      ({ people, folder }) =>
        program(
          answer({ token: people.tokens.ada }, V1BETA1),
          `printf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/info\n`,
        ),
      { apiVersion: V1BETA1 },
    ),
    expect: { token: 'ada' },
    sameFile: 'info',
  },
  {
    title: 'an exec plugin that is not there',
    setup: oneFile(() => ({
      user: exec({ command: 'faro-no-such-login', installHint: 'brew install \u001b[31mfaro-login\u001b[0m' }),
    })),
    expect: /config:\d+:\d+: user "ada": exec plugin faro-no-such-login was not found in PATH\nbrew install faro-login/,
  },
  {
    title: 'an exec plugin by path that is not there',
    setup: oneFile(() => ({ user: exec({ args: ['--secret'] }) })),
    expect: /user "ada": exec plugin .*\/bin\/login is no program that this user may run\nInstall the plugin/,
  },
  {
    title: 'an exec plugin that fails',
    setup: plugin(({ people }) => `#!/bin/sh\necho ${people.tokens.ada}\necho 'log in again' >&2\nexit 3\n`),
    expect: /user "ada": exec plugin .*login failed with exit code 3\nWhat it had to say stands on standard error/,
  },
  {
    title: 'an exec plugin that prints nothing',
    setup: plugin(() => '#!/bin/sh\n'),
    expect: /exec plugin .*login printed nothing/,
  },
  {
    title: 'an exec plugin that prints its token alone',
    setup: plugin(({ people }) => program(people.tokens.ada)),
    expect: /exec plugin .*login printed something that is no object/,
  },
  {
    title: 'an exec plugin that prints broken JSON',
    setup: plugin(({ people }) => program(`{"apiVersion":"${V1}","status":{"token":"${people.tokens.ada}"`)),
    expect: /exec plugin .*login printed something that is neither JSON nor YAML/,
  },
  {
    title: 'an exec plugin that prints an error beside its answer',
    setup: plugin(({ people }) => program(`WARNING: old\n${answer({ token: people.tokens.ada })}`)),
    expect: /exec plugin .*login printed something/,
  },
  {
    title: 'an exec plugin that answers for another version',
    setup: plugin(({ people }) => program(answer({ token: people.tokens.ada }, V1BETA1))),
    expect:
      /is configured for client\.authentication\.k8s\.io\/v1, but printed client\.authentication\.k8s\.io\/v1beta1/,
  },
  {
    title: 'an exec plugin that answers without a version',
    setup: plugin(({ people }) =>
      program(JSON.stringify({ kind: 'ExecCredential', status: { token: people.tokens.ada } })),
    ),
    expect: /but printed no apiVersion/,
  },
  {
    title: 'an exec plugin that answers with another kind',
    setup: plugin(({ people }) =>
      program(JSON.stringify({ apiVersion: V1, kind: 'Token', status: { token: people.tokens.ada } })),
    ),
    expect: /printed an object whose kind is not ExecCredential/,
  },
  {
    title: 'an exec plugin that answers without a status',
    setup: plugin(() => program(answer(undefined))),
    expect: /printed an ExecCredential without a status/,
  },
  {
    title: 'an exec plugin that gives neither token nor certificate',
    setup: plugin(() => program(answer({}))),
    expect: /printed neither a token nor a client certificate/,
  },
  {
    title: 'an exec plugin that gives a certificate without its key',
    setup: plugin(({ people }) => program(answer({ clientCertificateData: people.ada.cert }))),
    expect: /printed a client certificate without its key/,
  },
  {
    title: "an exec plugin that gives somebody else's key",
    setup: plugin(({ people }) =>
      program(answer({ clientCertificateData: people.ada.cert, clientKeyData: people.grace.key })),
    ),
    expect: /printed a client key that holds a private key that does not belong to the certificate/,
  },
  {
    title: 'an exec plugin that gives a number as its token',
    setup: plugin(() => program(answer({ token: 5 }))),
    expect: /printed an ExecCredential whose status\.token has the wrong type/,
  },
  {
    title: 'an exec plugin with an end that is no time',
    setup: plugin(({ people }) => program(answer({ token: people.tokens.ada, expirationTimestamp: 'tomorrow' }))),
    expect: /printed an expirationTimestamp that is no RFC 3339 time/,
  },
  {
    title: 'an exec plugin that wants a terminal',
    setup: plugin(givesToken, { interactiveMode: 'Always' }),
    expect: /wants to ask on the terminal \(interactiveMode: Always\)/,
  },
  {
    title: 'an exec plugin of v1 without an interactiveMode',
    setup: plugin(givesToken, { interactiveMode: undefined }),
    expect: /config:\d+:\d+: user "ada": its exec plugin has no interactiveMode\nIt must be Never, IfAvailable, Always/,
  },
  {
    title: 'an exec plugin with an interactiveMode of its own',
    setup: plugin(givesToken, { interactiveMode: 'Sometimes' }),
    expect: /its exec plugin has the interactiveMode "Sometimes"/,
  },
  {
    title: 'an exec plugin of v1alpha1',
    setup: plugin(
      ({ people }) => program(answer({ token: people.tokens.ada }, 'client.authentication.k8s.io/v1alpha1')),
      {
        apiVersion: 'client.authentication.k8s.io/v1alpha1',
      },
    ),
    expect: /its exec plugin has the apiVersion "client\.authentication\.k8s\.io\/v1alpha1"/,
  },
  {
    title: 'an exec plugin without an apiVersion',
    setup: plugin(givesToken, { apiVersion: undefined }),
    expect: /its exec plugin has no apiVersion/,
  },
  {
    title: 'an exec plugin without a command',
    setup: plugin(givesToken, { command: undefined }),
    expect: /its exec plugin has no command/,
  },
  {
    title: 'an exec plugin with a variable without a name',
    setup: plugin(givesToken, { env: [{ value: 'x' }] }),
    expect: /its exec plugin has a variable without a name/,
  },
  {
    title: 'an exec plugin that gives the certificate as base64',
    setup: plugin(({ people }) =>
      program(answer({ clientCertificateData: base64(people.ada.cert), clientKeyData: base64(people.ada.key) })),
    ),
    expect: /printed a client certificate that holds no certificate in PEM form/,
  },
];
