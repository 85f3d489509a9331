import { base64, kubeconfig, oneFile, type Row, type Stage } from './row.ts';

/** A kubeconfig written by hand; ⟨⟩ stand for what only the row knows. */
function written(text: string): Row['setup'] {
  return (stage) => ({ files: { config: fill(text, stage) } });
}

function fill(text: string, { people, server }: Stage): string {
  return text
    .replaceAll('⟨server⟩', server)
    .replaceAll('⟨ca⟩', base64(people.authority.cert))
    .replaceAll('⟨token⟩', people.tokens.ada);
}

const PLAIN = `clusters:
- name: dev
  cluster: {server: "⟨server⟩", certificate-authority-data: ⟨ca⟩}
users:
- name: ada
  user: {token: ⟨token⟩}
contexts:
- name: main
  context: {cluster: dev, user: ada}
current-context: main
`;

function utf16(stage: Stage, order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from(`\ufeff${kubeconfig(stage)}`, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

export const yamlRows: readonly Row[] = [
  { title: 'no apiVersion and no kind', setup: written(PLAIN), expect: { token: 'ada' } },
  {
    title: 'JSON, indented by tabs',
    setup: (stage) => ({
      files: {
        config: JSON.stringify(
          {
            apiVersion: 'v1',
            kind: 'Config',
            clusters: [
              {
                name: 'dev',
                cluster: { server: stage.server, 'certificate-authority-data': base64(stage.people.authority.cert) },
              },
            ],
            users: [{ name: 'ada', user: { token: stage.people.tokens.ada } }],
            contexts: [{ name: 'main', context: { cluster: 'dev', user: 'ada' } }],
            'current-context': 'main',
          },
          undefined,
          '\t',
        ),
      },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'UTF-8 with a byte order mark and CRLF',
    setup: (stage) => ({ files: { config: `\ufeff${kubeconfig(stage).replaceAll('\n', '\r\n')}` } }),
    expect: { token: 'ada' },
  },
  {
    title: "UTF-16, as PowerShell's > writes it",
    setup: (stage) => ({ files: { config: utf16(stage, 'le') } }),
    expect: { token: 'ada' },
  },
  {
    title: 'UTF-16, the other way round',
    setup: (stage) => ({ files: { config: utf16(stage, 'be') } }),
    expect: { token: 'ada' },
  },
  {
    title: 'a field twice: the last counts',
    setup: written(PLAIN.replace('user: {token', 'user: {token: wrong, token')),
    expect: { token: 'ada' },
  },
  {
    title: 'anchors, aliases and merge keys',
    setup: written(
      PLAIN.replace('cluster: {', 'cluster: &c {')
        .replace('users:', '- name: prod\n  cluster: {<<: *c, tls-server-name: api.faro.test}\nusers:')
        .replace('{cluster: dev', '{cluster: prod'),
    ),
    expect: { token: 'ada', sni: 'api.faro.test' },
  },
  {
    title: 'yes means true, as in YAML 1.1',
    setup: written(PLAIN.replace('certificate-authority-data: ⟨ca⟩', 'insecure-skip-tls-verify: yes')),
    expect: { token: 'ada' },
  },
  {
    title: 'names that look like a date and a time',
    setup: written(PLAIN.replaceAll('ada', '2026-11-24').replaceAll('dev', '12:30:45')),
    expect: { token: 'ada' },
  },
  {
    title: 'fields that nobody knows, nulls and empty lists',
    setup: written(
      `${PLAIN}preferences: {colors: true}\nextensions: []\nfuture: [1, {a: b}]\n`
        .replace('user: {', 'user: {exec: null, as-groups: null, impersonate: x, ')
        .replace('{cluster: dev', '{namespace: null, color: red, cluster: dev'),
    ),
    expect: { token: 'ada', namespace: 'default' },
  },
  {
    title: 'several documents: the first counts',
    setup: written(`---\n${PLAIN}---\ncurrent-context: [broken\n`),
    expect: { token: 'ada' },
  },
  {
    title: 'names with spaces, quotes and other scripts',
    setup: written(PLAIN.replaceAll('ada', '"Ада \\"1\\" @dev/x"')),
    expect: { token: 'ada' },
  },
  {
    title: 'a quote that is not closed, behind a token',
    setup: written(PLAIN.replace('{token: ⟨token⟩}', '{token: "⟨token⟩}')),
    expect: /config:\d+:\d+: YAML: something is missing: a closing quote, a colon or a dash\nCorrect the file there/,
  },
  {
    title: 'a token whose line is indented wrongly',
    setup: written(PLAIN.replace('  user: {token: ⟨token⟩}', '  user:\n    token: ⟨token⟩\n   tokenFile: x')),
    expect: /config:8:\d+: YAML: the indentation does not fit/,
  },
  {
    title: 'a tab as indentation',
    setup: written(PLAIN.replace('  user: {token: ⟨token⟩}', '\tuser: {token: ⟨token⟩}')),
    expect: /config:6:1: YAML: a tab indents the line/,
  },
  {
    title: 'a token without a colon',
    setup: written(PLAIN.replace('  user: {token: ⟨token⟩}', '  user:\n    token ⟨token⟩\n    as: grace')),
    expect: /config:7:5: YAML: a key goes over several lines/,
  },
  {
    title: 'an alias without its anchor',
    setup: written(PLAIN.replace('{token: ⟨token⟩}', '*nobody')),
    expect: /config: YAML: an alias without its anchor/,
  },
  {
    title: 'aliases that would grow without end',
    setup: written(
      `${PLAIN}a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n`,
    ),
    expect: /config: YAML: .*aliases that would grow without end/,
  },
  {
    title: 'a token that is a number',
    setup: written(PLAIN.replace('⟨token⟩', '123456789012345')),
    expect: /config:6:17: users\[0\]\.user\.token must be text, not a number\nPut the value in quotes/,
  },
  {
    title: 'a user name that YAML takes for true',
    setup: written(PLAIN.replaceAll('ada', 'yes')),
    expect: /config:5:9: users\[0\]\.name must be text, not true or false/,
  },
  {
    title: 'insecure-skip-tls-verify in quotes',
    setup: written(PLAIN.replace('certificate-authority-data: ⟨ca⟩', 'insecure-skip-tls-verify: "true"')),
    expect: /config:3:\d+: clusters\[0\]\.cluster\.insecure-skip-tls-verify must be true or false, not text/,
  },
  {
    title: 'users as a map',
    setup: written(PLAIN.replace('- name: ada\n  user: {token: ⟨token⟩}', '  ada: {token: ⟨token⟩}')),
    expect: /config:5:3: users must be a list, not a map of fields/,
  },
  {
    title: 'a wrong type in a user that is not used',
    setup: written(PLAIN.replace('users:', 'users:\n- name: grace\n  user: {as-groups: ops}')),
    expect: /config:6:21: users\[0\]\.user\.as-groups must be a list, not text/,
  },
  {
    title: 'text instead of a map',
    setup: written('⟨token⟩\n'),
    expect: /config:1:1: the file must be a map of fields, not text/,
  },
  {
    title: 'the same user twice in one file',
    setup: oneFile(({ people }) => ({
      more: {
        users: [
          { name: 'ada', user: { token: people.tokens.ada } },
          { name: 'ada', user: { token: people.tokens.grace } },
        ],
      },
    })),
    expect: /config:\d+:\d+: user "ada" is there a second time, after .*config:\d+:\d+\nWithin one file/,
  },
  {
    title: 'another kind of object',
    setup: written(`apiVersion: v1\nkind: Secret\ndata: {token: ⟨token⟩}\n`),
    expect: /config:2:7: kind is "Secret": this is no kubeconfig/,
  },
  {
    title: 'another version of kubeconfig',
    setup: oneFile(() => ({ more: { apiVersion: 'v2' } })),
    expect: /config:1:13: apiVersion is "v2": this is no kubeconfig/,
  },
  {
    title: 'bytes that are no text',
    setup: () => ({ files: { config: Buffer.from([0, 1, 2, 250, 251]) } }),
    expect: /config/,
  },
];
