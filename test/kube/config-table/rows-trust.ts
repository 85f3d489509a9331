import { base64, kubeconfig, oneFile, type Row } from './row.ts';

const END = '-----END CERTIFICATE-----\n';
const NOT_TRUSTED = /cannot reach https:\/\/127\.0\.0\.1:\d+: its certificate is not signed by/;

export const trustRows: readonly Row[] = [
  {
    title: 'an authority in a file, by a path from the kubeconfig',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { 'certificate-authority': 'ca.crt' } }),
        'ca.crt': stage.people.authority.cert,
      },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'an authority in a file that is replaced as the server gets a certificate of the next one',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { 'certificate-authority': 'ca.crt' } }),
        'ca.crt': stage.people.authority.cert,
      },
    }),
    rotation: ({ people }) => ({ 'ca.crt': people.stranger.cert }),
    expect: { token: 'ada' },
  },
  {
    title: 'an authority that stays while the server gets a certificate of the next one',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { 'certificate-authority': 'ca.crt' } }),
        'ca.crt': stage.people.authority.cert,
      },
    }),
    rotation: () => ({}),
    expect: NOT_TRUSTED,
  },
  {
    title: 'a bundle of authorities with words around them, one of them broken',
    setup: oneFile(({ people }) => {
      const broken = '-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n';
      const bundle = `some words\n${people.stranger.cert}${broken}# and more\r\n${people.authority.cert}`;
      return { cluster: { 'certificate-authority-data': base64(bundle) } };
    }),
    expect: { token: 'ada' },
  },
  {
    title: "the server's own certificate as the authority",
    setup: oneFile(({ people }) => ({
      cluster: { 'certificate-authority-data': base64(people.server.cert.split(END)[0] + END) },
    })),
    expect: { token: 'ada' },
  },
  {
    title: 'the authority in the middle of the chain as the one to trust',
    setup: oneFile(({ people }) => ({ cluster: { 'certificate-authority-data': base64(people.middle.cert) } })),
    expect: { token: 'ada' },
  },
  {
    title: 'an authority that did not sign',
    setup: oneFile(({ people }) => ({ cluster: { 'certificate-authority-data': base64(people.stranger.cert) } })),
    expect: NOT_TRUSTED,
  },
  {
    title: 'no authority: the ones of this machine count',
    setup: oneFile(() => ({ cluster: { 'certificate-authority-data': '' } })),
    expect: NOT_TRUSTED,
  },
  {
    title: 'an authority that is not there',
    setup: oneFile(() => ({ cluster: { 'certificate-authority': 'gone.crt' } })),
    expect: /config:\d+:\d+: cluster "dev": certificate-authority: .*gone\.crt does not exist/,
  },
  {
    title: 'an authority in a file that holds none',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { 'certificate-authority': 'ca.crt' } }), 'ca.crt': 'nothing' },
    }),
    expect: /cluster "dev": .*ca\.crt holds no certificate that can be read/,
  },
  {
    title: 'an authority that is no PEM',
    setup: oneFile(() => ({ cluster: { 'certificate-authority-data': base64('nothing') } })),
    expect: /cluster "dev": certificate-authority-data holds no certificate that can be read/,
  },
  {
    title: 'an authority that is no base64',
    setup: oneFile(({ people }) => ({ cluster: { 'certificate-authority-data': people.authority.cert } })),
    expect:
      /cluster "dev": certificate-authority-data is no valid base64\nGive the path of a PEM file as certificate-authority,/,
  },
  {
    title: 'an authority both in the file and by path',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, {
          cluster: {
            'certificate-authority': 'ca.crt',
            'certificate-authority-data': base64(stage.people.authority.cert),
          },
        }),
        'ca.crt': stage.people.authority.cert,
      },
    }),
    expect: /cluster "dev": certificate-authority and certificate-authority-data are both given/,
  },
  {
    title: '--certificate-authority over the file',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { 'certificate-authority-data': base64(stage.people.stranger.cert) } }),
        'ca.crt': stage.people.authority.cert,
      },
      flags: { certificateAuthority: `${stage.folder}/ca.crt` },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'insecure-skip-tls-verify',
    setup: oneFile(() => ({ cluster: { 'certificate-authority-data': '', 'insecure-skip-tls-verify': true } })),
    expect: { token: 'ada' },
    warns: /config:\d+:\d+: the certificate of 127\.0\.0\.1:\d+ is not verified/,
  },
  {
    title: 'insecure-skip-tls-verify together with an authority',
    setup: oneFile(() => ({ cluster: { 'insecure-skip-tls-verify': true } })),
    expect: /cluster "dev": insecure-skip-tls-verify together with a certificate authority/,
  },
  {
    title: '--insecure-skip-tls-verify over an authority',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { 'certificate-authority-data': base64(stage.people.stranger.cert) } }),
      },
      flags: { insecureSkipTlsVerify: true },
    }),
    expect: { token: 'ada' },
    warns: /^--insecure-skip-tls-verify: the certificate of/,
  },
  {
    title: 'tls-server-name is asked for and verified',
    setup: oneFile(() => ({ cluster: { 'tls-server-name': 'api.faro.test' } })),
    expect: { token: 'ada', sni: 'api.faro.test' },
  },
  {
    title: 'a tls-server-name that the certificate is not for',
    setup: oneFile(() => ({ cluster: { 'tls-server-name': 'wrong.faro.test' } })),
    expect: /cannot reach https:\/\/127\.0\.0\.1:\d+: the server's certificate is for another name/,
  },
  {
    title: '--tls-server-name over the file',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { 'tls-server-name': 'wrong.faro.test' } }) },
      flags: { tlsServerName: 'inner.faro.test' },
    }),
    expect: { token: 'ada', sni: 'inner.faro.test' },
  },
];
