import { kubeconfig, oneFile, type Row, type Stage } from './row.ts';

/** A name that only a proxy can reach. */
const INNER = 'https://inner.faro.test:6443';

const httpProxy = ({ proxies }: Stage): string => `http://127.0.0.1:${proxies.http}`;

export const networkRows: readonly Row[] = [
  {
    title: 'a server under a path',
    setup: oneFile(({ server }) => ({ cluster: { server: `${server}/k8s/clusters/c-7` } })),
    expect: { path: '/k8s/clusters/c-7', token: 'ada' },
  },
  {
    title: 'a server with slashes, a query and a fragment at its end',
    setup: oneFile(({ server }) => ({ cluster: { server: `${server}/k8s/?a=b#c` } })),
    expect: { path: '/k8s', token: 'ada' },
  },
  {
    title: 'a server by name and in capitals',
    setup: oneFile(({ port }) => ({ cluster: { server: `HTTPS://LocalHost:${port}/` } })),
    expect: { path: '', token: 'ada', sni: 'localhost' },
  },
  {
    title: 'a server without TLS gets no credentials',
    setup: oneFile(({ plainPort }) => ({ cluster: { server: `http://127.0.0.1:${plainPort}` } })),
    expect: { tls: false, token: null, path: '' },
    warns: /user "ada": the server is reached without TLS, so no credentials are sent/,
  },
  {
    title: 'a server without a scheme is meant without TLS',
    setup: oneFile(({ plainPort }) => ({ cluster: { server: `127.0.0.1:${plainPort}` } })),
    expect: { tls: false, token: null },
  },
  {
    title: 'a server without TLS, for a user to impersonate, whose plugin is not run',
    setup: oneFile(({ plainPort }) => ({
      cluster: { server: `http://127.0.0.1:${plainPort}` },
      user: {
        as: 'grace',
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such', interactiveMode: 'Never' },
      },
    })),
    expect: { tls: false, token: null, impersonate: { 'impersonate-user': 'grace' } },
  },
  {
    title: 'a server without TLS, for a user who is not there',
    setup: oneFile(({ plainPort }) => ({
      cluster: { server: `http://127.0.0.1:${plainPort}`, 'certificate-authority-data': 'broken' },
      context: { user: 'nobody' },
    })),
    expect: { tls: false, token: null },
    kubectl: 'fails', // It minds the broken authority, which it would not use.
  },
  {
    title: 'a server with a path but no scheme',
    setup: oneFile(() => ({ cluster: { server: 'localhost/k8s' } })),
    expect: /config:\d+:\d+: cluster "dev": server has a path but no scheme/,
  },
  {
    title: 'a server with another scheme',
    setup: oneFile(() => ({ cluster: { server: 'ftp://localhost' } })),
    expect: /cluster "dev": server has the scheme ftp:\/\/, which is neither https nor http/,
  },
  {
    title: 'a server that is no URL',
    setup: oneFile(() => ({ cluster: { server: 'https://a b:70000' } })),
    expect: /cluster "dev": server is no URL\nWrite it as https:\/\/HOST:PORT/,
  },
  {
    title: 'a server with a password in it',
    setup: oneFile(({ port, people }) => ({
      cluster: { server: `https://ada:${people.password}@127.0.0.1:${port}` },
      user: {},
    })),
    expect: /cluster "dev": server holds a user name or password \(basic auth\)/,
  },
  {
    title: 'a cluster without a server',
    setup: oneFile(() => ({ cluster: { server: '' } })),
    expect: /config:\d+:\d+: cluster "dev": it names no server\nGive the cluster a server/,
  },
  {
    title: 'a cluster without a server, and KUBERNETES_MASTER',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: '' } }) },
      env: { KUBERNETES_MASTER: stage.server },
    }),
    expect: { token: 'ada' },
  },
  {
    title: 'a server that nobody answers for',
    setup: oneFile(() => ({ cluster: { server: 'https://127.0.0.1:1' } })),
    expect: /cannot reach https:\/\/127\.0\.0\.1:1: the connection was refused/,
  },
  {
    title: '--server over the file',
    setup: (stage) => ({
      files: {
        config: kubeconfig(stage, { cluster: { server: 'https://127.0.0.1:1', 'tls-server-name': 'wrong.test' } }),
      },
      flags: { server: stage.server },
    }),
    expect: { token: 'ada', sni: null },
  },
  {
    title: 'proxy-url with an HTTP proxy',
    setup: oneFile((stage) => ({ cluster: { server: INNER, 'proxy-url': httpProxy(stage) } })),
    expect: { via: 'http proxy', sni: 'inner.faro.test', token: 'ada' },
  },
  {
    title: 'proxy-url with a user name and a password',
    setup: oneFile(({ proxies, people }) => ({
      cluster: { server: INNER, 'proxy-url': `http://ada:${people.password}%21@127.0.0.1:${proxies.http}` },
    })),
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'proxy-url for a server of this machine, whatever NO_PROXY says',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { 'proxy-url': httpProxy(stage) } }) },
      env: { NO_PROXY: '*' },
    }),
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'proxy-url with an HTTPS proxy of the same authority',
    setup: oneFile(({ proxies }) => ({
      cluster: { server: INNER, 'proxy-url': `https://localhost:${proxies.https}` },
    })),
    expect: { via: 'https proxy', token: 'ada' },
  },
  {
    title: 'proxy-url with a SOCKS proxy',
    setup: oneFile(({ proxies }) => ({
      cluster: { server: INNER, 'proxy-url': `socks5://127.0.0.1:${proxies.socks}` },
    })),
    expect: { via: 'socks proxy', sni: 'inner.faro.test', token: 'ada' },
  },
  {
    title: 'proxy-url with a SOCKS proxy, a user name and a password',
    setup: oneFile(({ proxies, people }) => ({
      cluster: { server: INNER, 'proxy-url': `socks5://ada:${people.password}@127.0.0.1:${proxies.socks}` },
    })),
    expect: { via: 'socks proxy', token: 'ada' },
  },
  {
    title: '--proxy-url over the file',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER, 'proxy-url': 'http://127.0.0.1:1' } }) },
      flags: { proxyUrl: httpProxy(stage) },
    }),
    kubectlSince: 37,
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'proxy-url with a scheme that nobody speaks',
    setup: oneFile(({ people }) => ({ cluster: { 'proxy-url': `ftp://ada:${people.password}@127.0.0.1:1` } })),
    expect: /config:\d+:\d+: cluster "dev": proxy-url is no http, https or socks5 URL/,
  },
  {
    title: 'proxy-url without a scheme',
    setup: oneFile(({ proxies }) => ({ cluster: { 'proxy-url': `127.0.0.1:${proxies.http}` } })),
    expect: /cluster "dev": proxy-url is no http, https or socks5 URL/,
  },
  {
    title: 'HTTPS_PROXY',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER } }) },
      env: { HTTPS_PROXY: httpProxy(stage) },
    }),
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'https_proxy without a scheme, beside an HTTP_PROXY that is not meant',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER } }) },
      env: { https_proxy: `127.0.0.1:${stage.proxies.http}`, HTTP_PROXY: 'http://127.0.0.1:1' },
    }),
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'HTTPS_PROXY with a SOCKS proxy',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER } }) },
      env: { HTTPS_PROXY: `socks5://127.0.0.1:${stage.proxies.socks}` },
    }),
    expect: { via: 'socks proxy', token: 'ada' },
  },
  {
    title: 'HTTPS_PROXY does not count for this machine',
    setup: (stage) => ({ files: { config: kubeconfig(stage) }, env: { HTTPS_PROXY: 'http://127.0.0.1:1' } }),
    expect: { via: 'direct', token: 'ada' },
  },
  {
    title: 'HTTPS_PROXY does not count for localhost',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: `https://localhost:${stage.port}` } }) },
      env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
    }),
    expect: { via: 'direct', token: 'ada' },
  },
  {
    title: 'NO_PROXY takes the server out, and so it is not found',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER } }) },
      env: { HTTPS_PROXY: httpProxy(stage), NO_PROXY: 'example.org, faro.test:6443' },
    }),
    expect: /cannot reach https:\/\/inner\.faro\.test:6443: /,
  },
  {
    title: 'NO_PROXY with another port does not take the server out',
    setup: (stage) => ({
      files: { config: kubeconfig(stage, { cluster: { server: INNER } }) },
      env: { HTTPS_PROXY: httpProxy(stage), NO_PROXY: 'faro.test:443,.inner.faro.test,10.0.0.0/8' },
    }),
    expect: { via: 'http proxy', token: 'ada' },
  },
  {
    title: 'a proxy that nobody answers for',
    setup: oneFile(() => ({ cluster: { server: INNER, 'proxy-url': 'http://127.0.0.1:1' } })),
    expect: /cannot reach https:\/\/inner\.faro\.test:6443/,
  },
];
