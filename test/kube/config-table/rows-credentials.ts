import { encryptedKey, sec1Key } from './certificates.ts';
import { base64, certificateFields, kubeconfig, oneFile, type Row } from './row.ts';

const wrapped = (text: string): string => (base64(text).match(/.{1,64}/g) ?? []).join('\n');

export const credentialRows: readonly Row[] = [
  {
    title: 'a client certificate in the file itself',
    setup: oneFile(({ people }) => ({ user: certificateFields(people.ada) })),
    expect: { certificate: 'ada', token: null, namespace: 'default', tls: true, via: 'direct' },
  },
  {
    title: 'a client certificate in files, by absolute paths',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          user: { 'client-certificate': `${stage.folder}/a.crt`, 'client-key': `${stage.folder}/a.key` },
        }),
        'a.crt': stage.people.ada.cert,
        'a.key': stage.people.ada.key,
      },
    }),
    expect: { certificate: 'ada' },
  },
  {
    title: 'a client certificate in files, by paths from the kubeconfig',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          user: { 'client-certificate': 'pki/ada.crt', 'client-key': './pki/../pki/ada.key' },
        }),
        'pki/ada.crt': stage.people.ada.cert,
        'pki/ada.key': stage.people.ada.key,
      },
    }),
    expect: { certificate: 'ada' },
  },
  {
    title: 'certificate and key in one file, as the kubelet keeps them',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { 'client-certificate': 'both.pem', 'client-key': 'both.pem' } }),
        'both.pem': stage.people.ada.cert + stage.people.ada.key,
      },
    }),
    expect: { certificate: 'ada' },
  },
  {
    title: 'a key as openssl ecparam writes it, certificate with words around it and CRLF',
    setup: oneFile(({ people }) => ({
      user: {
        'client-certificate-data': base64(`subject=CN = ada\r\n${people.ada.cert.replaceAll('\n', '\r\n')}bye\r\n`),
        'client-key-data': base64(sec1Key(people.ada)),
      },
    })),
    expect: { certificate: 'ada' },
  },
  {
    title: 'a client certificate with its chain behind it',
    setup: oneFile(({ people }) => ({ user: certificateFields(people.chained) })),
    expect: { certificate: 'chained' },
  },
  {
    title: 'a key whose label is not what it holds',
    setup: oneFile(({ people }) => ({
      user: {
        'client-certificate-data': base64(people.ada.cert),
        'client-key-data': base64(people.ada.key.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY')),
      },
    })),
    expect: { certificate: 'ada' },
  },
  {
    title: 'base64 in lines',
    setup: oneFile(({ people }) => ({
      user: { 'client-certificate-data': wrapped(people.ada.cert), 'client-key-data': wrapped(people.ada.key) },
    })),
    expect: { certificate: 'ada' },
  },
  {
    title: 'a certificate in the file, its key in another',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          user: { 'client-certificate-data': base64(stage.people.ada.cert), 'client-key': 'ada.key' },
        }),
        'ada.key': stage.people.ada.key,
      },
    }),
    expect: { certificate: 'ada' },
  },
  {
    title: 'a client certificate and a token: both are shown',
    setup: oneFile(({ people }) => ({ user: { ...certificateFields(people.ada), token: people.tokens.grace } })),
    expect: { certificate: 'ada', token: 'grace' },
  },
  {
    title: 'a key that belongs to another certificate',
    setup: oneFile(({ people }) => ({
      user: { 'client-certificate-data': base64(people.ada.cert), 'client-key-data': base64(people.grace.key) },
    })),
    expect: /config:\d+:\d+: user "ada": client-key-data holds a private key that does not belong to the certificate/,
  },
  {
    title: 'a key with a passphrase',
    setup: oneFile(({ people }) => ({
      user: {
        'client-certificate-data': base64(people.ada.cert),
        'client-key-data': base64(encryptedKey(people.ada, people.password)),
      },
    })),
    expect: /user "ada": client-key-data is protected by a passphrase/,
  },
  {
    title: 'a key that is no PEM',
    setup: oneFile(({ people }) => ({
      user: { 'client-certificate-data': base64(people.ada.cert), 'client-key-data': base64(people.password) },
    })),
    expect: /user "ada": client-key-data holds no private key in PEM form/,
  },
  {
    title: 'a certificate that is no PEM',
    setup: oneFile(({ people }) => ({
      user: { 'client-certificate-data': base64('nothing'), 'client-key-data': base64(people.ada.key) },
    })),
    expect: /user "ada": client-certificate-data holds no certificate in PEM form/,
  },
  {
    title: 'a certificate that is PEM around rubbish',
    setup: oneFile(({ people }) => ({
      user: {
        'client-certificate-data': base64('-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n'),
        'client-key-data': base64(people.ada.key),
      },
    })),
    expect: /user "ada": client-certificate-data holds a certificate that cannot be read/,
  },
  {
    title: 'a key that was pasted as PEM instead of base64',
    setup: oneFile(({ people }) => ({
      user: { 'client-certificate-data': base64(people.ada.cert), 'client-key-data': people.ada.key },
    })),
    expect: /user "ada": client-key-data is no valid base64\nGive the path of a PEM file as client-key/,
  },
  {
    title: 'a certificate cut off in its base64',
    setup: oneFile(({ people }) => ({
      user: { ...certificateFields(people.ada), 'client-certificate-data': base64(people.ada.cert).slice(0, -3) },
    })),
    expect: /user "ada": client-certificate-data is no valid base64/,
  },
  {
    title: 'a certificate without a key',
    setup: oneFile(({ people }) => ({ user: { 'client-certificate-data': base64(people.ada.cert) } })),
    expect: /user "ada": a client certificate without a key/,
  },
  {
    title: 'a key both in the file and by path',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { ...certificateFields(stage.people.ada), 'client-key': 'ada.key' } }),
        'ada.key': stage.people.ada.key,
      },
    }),
    expect: /user "ada": client-key and client-key-data are both given/,
  },
  {
    title: 'a client certificate file that is not there',
    setup: oneFile(() => ({ user: { 'client-certificate': 'gone.crt', 'client-key': 'gone.key' } })),
    expect: /config:\d+:\d+: user "ada": client-certificate: .*gone\.crt does not exist/,
  },
  {
    title: 'a client certificate that has expired',
    setup: oneFile(({ people }) => ({ user: { ...certificateFields(people.expired), token: '' } })),
    expect: { certificate: null, token: null },
    warns: /user "ada": the certificate expired at 20/,
  },
  {
    title: 'a token',
    setup: oneFile(({ people }) => ({ user: { token: people.tokens.ada } })),
    expect: { certificate: null, token: 'ada' },
  },
  {
    title: 'a token that the server does not know',
    setup: oneFile(({ people }) => ({ user: { token: people.password } })),
    expect: /nauthorized/,
  },
  {
    title: 'a token with a line break at its end, which kubectl would send',
    setup: oneFile(({ people }) => ({ user: { token: `${people.tokens.ada}\n` } })),
    expect: { token: 'ada' },
    kubectl: 'fails',
  },
  {
    title: 'a token with a line break within',
    setup: oneFile(({ people }) => ({ user: { token: `${people.tokens.ada}\n${people.tokens.grace}` } })),
    expect: /config:\d+:\d+: user "ada": token is blank or holds a character that no token has/,
  },
  {
    title: 'a token in a file, by a path from the kubeconfig, with a line break at its end',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { tokenFile: 'run/token' } }),
        'run/token': `${stage.people.tokens.ada}\n`,
      },
    }),
    expect: { token: 'ada' },
  },
  {
    title: "token and tokenFile: the file's counts",
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { token: stage.people.tokens.ada, tokenFile: 'token' } }),
        token: stage.people.tokens.grace,
      },
    }),
    expect: { token: 'grace' },
  },
  {
    title: 'token and a tokenFile that is not there: the token counts',
    setup: oneFile(({ people }) => ({ user: { token: people.tokens.ada, tokenFile: 'gone' } })),
    expect: { token: 'ada' },
  },
  {
    title: 'token and an empty tokenFile: the token counts',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { token: stage.people.tokens.ada, tokenFile: 'token' } }),
        token: ' \n',
      },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'a tokenFile that is not there',
    setup: oneFile(() => ({ user: { tokenFile: 'gone' } })),
    expect: /config:\d+:\d+: user "ada": tokenFile: .*gone does not exist/,
  },
  {
    title: 'a tokenFile that is empty',
    setup: (stage) => ({ files: { config: kubeconfig(stage, { user: { tokenFile: 'token' } }), token: '' } }),
    expect: /user "ada": tokenFile: .*token is empty or holds more than a token/,
  },
  {
    title: 'a tokenFile that is a folder',
    setup: (stage) => ({ files: { config: kubeconfig(stage, { user: { tokenFile: 'some' } }), 'some/file': '' } }),
    expect: /user "ada": tokenFile: .*some is a folder, not a file/,
  },
  {
    title: '--token for a user with a tokenFile: the flag counts',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { user: { tokenFile: 'token' } }), token: stage.people.tokens.ada },
      flags: { token: stage.people.tokens.grace },
    }),
    expect: { token: 'grace' },
    kubectlSees: { token: 'ada' },
  },
  {
    title: '--token for a user who is not there',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { context: { user: 'nobody' } }) },
      flags: { token: stage.people.tokens.grace },
    }),
    expect: { token: 'grace' },
  },
  {
    title: '--client-certificate and --client-key, over a certificate in the file',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: certificateFields(stage.people.ada) }),
        'g.crt': stage.people.grace.cert,
        'g.key': stage.people.grace.key,
      },
      flags: { clientCertificate: `${stage.folder}/g.crt`, clientKey: `${stage.folder}/g.key` },
    }),
    expect: { certificate: 'grace' },
    kubectlSince: 37,
  },
  {
    title: 'a user without credentials is anonymous, where kubectl asks for a password',
    setup: oneFile(() => ({ user: {} })),
    expect: { certificate: null, token: null },
    kubectl: 'fails',
    warns: /user "ada" has no credentials/,
  },
  {
    title: 'a context without a user is anonymous, where kubectl asks for a password',
    setup: oneFile(() => ({ context: { user: '' } })),
    expect: { certificate: null, token: null },
    kubectl: 'fails',
    warns: /has no credentials/,
  },
  {
    title: 'user name and password',
    setup: oneFile(({ people }) => ({ user: { username: 'ada', password: people.password } })),
    expect:
      /config:\d+:\d+: user "ada": user name and password \(basic auth\) are not supported\nAPI servers know no basic auth/,
  },
  {
    title: 'user name and password beside a client certificate: the certificate counts',
    setup: oneFile(({ people }) => ({
      user: { ...certificateFields(people.ada), username: 'ada', password: people.password },
    })),
    expect: { certificate: 'ada' },
    warns: /user "ada": basic auth is not supported and was left out/,
  },
  {
    title: 'the auth-provider gcp, which left kubectl in 1.26',
    setup: oneFile(({ people }) => ({
      user: { 'auth-provider': { name: 'gcp', config: { 'access-token': people.password } } },
    })),
    expect: /user "ada": auth-provider "gcp" is not supported\nInstead install gke-gcloud-auth-plugin/,
  },
  {
    title: 'the auth-provider oidc',
    setup: oneFile(({ people }) => ({
      user: { 'auth-provider': { name: 'oidc', config: { 'refresh-token': people.password } } },
    })),
    expect: /user "ada": auth-provider "oidc" is not supported\nInstead use the exec plugin kubelogin/,
  },
  {
    title: 'impersonation in the file',
    setup: oneFile(({ people }) => ({
      user: {
        token: people.tokens.ada,
        as: 'deployer',
        'as-uid': '4711',
        'as-groups': ['ops', 'devs'],
        'as-user-extra': { 'example.org/Reason': ['an incident', 'no. 7'] },
      },
    })),
    expect: {
      token: 'ada',
      impersonate: {
        'impersonate-user': 'deployer',
        'impersonate-uid': '4711',
        'impersonate-group': 'ops, devs',
        'impersonate-extra-example.org%2freason': 'an incident, no. 7',
      },
    },
  },
  {
    title: 'impersonation by flags, over what the file says',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { user: { token: stage.people.tokens.ada, as: 'deployer', 'as-groups': ['ops'] } }),
      },
      flags: { as: 'system:serviceaccount:shop:web', asGroup: ['readers'], asUid: '1' },
    }),
    expect: {
      impersonate: {
        'impersonate-user': 'system:serviceaccount:shop:web',
        'impersonate-uid': '1',
        'impersonate-group': 'readers',
      },
    },
  },
  {
    title: 'a group to impersonate without a user',
    setup: oneFile(({ people }) => ({ user: { token: people.tokens.ada, 'as-groups': ['ops'] } })),
    expect: /config:\d+:\d+: user "ada": as-groups without a user to impersonate/,
  },
  {
    title: '--as-group without --as',
    setup: (stage) => ({ files: { config: kubeconfig(stage) }, flags: { asGroup: ['ops'] } }),
    expect: /^--as-group: user "ada": as-groups without a user to impersonate\nName the user with as, or --as/,
  },
];
