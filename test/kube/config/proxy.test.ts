import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProxyUrl, proxyFromEnvironment } from '../../../src/kube/config/proxy.ts';

const PROXY = 'http://proxy:3128';

/** Judged by golang.org/x/net/http/httpproxy 0.57: the same server and NO_PROXY, and whether it takes the proxy. */
const NO_PROXY_TABLE: readonly (readonly [server: string, noProxy: string, proxied: boolean])[] = [
  ['https://api.example.com', '', true],
  ['https://api.example.com', '*', false],
  ['https://api.example.com', 'other.org, *', false],
  ['https://api.example.com', 'example.com', false],
  ['https://example.com', 'example.com', false],
  ['https://notexample.com', 'example.com', true],
  ['https://example.com', '.example.com', true],
  ['https://api.example.com', '.example.com', false],
  ['https://a.b.example.com', '*.example.com', false],
  ['https://example.com', '*.example.com', true],
  ['https://api.example.com', '*example.com', true],
  ['https://api.example.com', 'EXAMPLE.COM', false],
  ['https://api.example.com', 'a.org,, , example.com ', false],
  ['https://api.example.com', 'example.com:443', false],
  ['https://api.example.com', 'example.com:6443', true],
  ['https://api.example.com:6443', 'example.com:6443', false],
  ['https://api.example.com:6443', '.example.com:443', true],
  ['https://api.example.com', 'example.com:', false],
  ['https://api.example.com', 'example.com.', true],
  ['https://api.example.com', 'http://example.com', true],
  ['https://api.example.com', 'com', false],
  ['https://api', 'api', false],
  ['https://api', '[api]', true],
  ['https://api', ':443', true],
  ['https://bücher.de', 'bücher.de', false],
  ['https://xn--bcher-kva.de', 'bücher.de', false],
  ['https://10.1.2.3', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.1.2.3/32', false],
  ['https://10.1.2.3', '10.1.2.3/33', true],
  ['https://10.1.2.3', '10.0.0.0/a', true],
  ['https://10.1.2.3', '10.1.2.3', false],
  ['https://10.1.2.3:6443', '10.1.2.3:6443', false],
  ['https://10.1.2.3:6443', '10.1.2.3:443', true],
  ['https://10.1.2.3', '0.0.0.0/0', false],
  ['https://10.1.2.3', '::/0', true],
  ['https://10.1.2.3', '.3', true],
  ['https://192.168.1.5', '10.0.0.0/8,192.168.1.0/24', false],
  ['https://[fd00::5]', 'fd00::/8', false],
  ['https://[fd00:0:0::0005]', 'fd00::5', false],
  ['https://[fd00::5]', '[fd00::5]', true],
  ['https://[fd00::5]:6443', '[fd00::5]:6443', false],
  ['https://[fd00::5]:6443', '[fd00::5]:443', true],
  ['https://[::ffff:10.1.2.3]', '10.1.2.3', false],
  ['https://10.1.2.3', '::ffff:10.1.2.3', false],
  ['https://localhost', '', false],
  ['https://localhost:6443', '', false],
  ['https://127.0.0.1:6443', '', false],
  ['https://127.9.9.9', '', false],
  ['https://[::1]:6443', '', false],
  ['https://sub.localhost', '', true],
];

describe('proxyFromEnvironment', () => {
  for (const [server, noProxy, proxied] of NO_PROXY_TABLE) {
    it(`${proxied ? 'takes' : 'leaves out'} the proxy for ${server} with NO_PROXY=${JSON.stringify(noProxy)}`, () => {
      const proxy = proxyFromEnvironment(new URL(server), { HTTPS_PROXY: PROXY, NO_PROXY: noProxy });
      assert.equal(proxy?.href ?? null, proxied ? `${PROXY}/` : null);
    });
  }

  for (const [title, server, env, href] of [
    ['nothing', 'https://api', {}, null],
    ['HTTPS_PROXY for https', 'https://api', { HTTPS_PROXY: PROXY, HTTP_PROXY: 'http://x' }, 'http://proxy:3128/'],
    ['HTTP_PROXY for http', 'http://api', { HTTPS_PROXY: 'http://x', HTTP_PROXY: PROXY }, 'http://proxy:3128/'],
    ['small letters', 'https://api', { https_proxy: PROXY }, 'http://proxy:3128/'],
    [
      'capitals before small letters',
      'https://api',
      { HTTPS_PROXY: PROXY, https_proxy: 'http://x' },
      'http://proxy:3128/',
    ],
    [
      'small letters where the capitals are empty',
      'https://api',
      { HTTPS_PROXY: '', https_proxy: PROXY },
      'http://proxy:3128/',
    ],
    ['no_proxy', 'https://api', { https_proxy: PROXY, no_proxy: 'api' }, null],
    ['host and port alone', 'https://api', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    ['an address and port alone', 'https://api', { HTTPS_PROXY: '10.0.0.1:3128' }, 'http://10.0.0.1:3128/'],
    ['SOCKS', 'https://api', { HTTPS_PROXY: 'socks5://u:p@proxy:1080' }, 'socks5://u:p@proxy:1080'],
    ['SOCKS that resolves names', 'https://api', { HTTPS_PROXY: 'socks5h://proxy' }, 'socks5://proxy'],
    ['text that is no address', 'https://api', { HTTPS_PROXY: 'http://a b' }, null],
    [
      'HTTP_PROXY in a CGI program, for https',
      'https://api',
      { HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' },
      'http://proxy:3128/',
    ],
  ] as const) {
    it(`reads ${title}`, () => assert.equal(proxyFromEnvironment(new URL(server), env)?.href ?? null, href));
  }

  it('refuses HTTP_PROXY in a CGI program, for http', () => {
    const env = { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' };
    assert.throws(() => proxyFromEnvironment(new URL('http://api'), env), {
      code: 'kubeconfig',
      message: /REQUEST_METHOD/,
    });
  });

  it('refuses a kind of proxy that nobody speaks, without repeating it', () => {
    const env = { HTTPS_PROXY: 'ftp://ada:secret@proxy' };
    assert.throws(
      () => proxyFromEnvironment(new URL('https://api'), env),
      (error: Error) => {
        assert.equal(error.message, 'HTTPS_PROXY: a proxy of the kind ftp: cannot be used');
        return true;
      },
    );
  });
});

describe('parseProxyUrl', () => {
  for (const [text, href] of [
    ['http://proxy:3128', 'http://proxy:3128/'],
    ['https://u:p%40ss@proxy', 'https://u:p%40ss@proxy/'],
    ['socks5://proxy:1080', 'socks5://proxy:1080'],
    ['socks5h://proxy:1080', undefined],
    ['proxy:3128', undefined],
    ['//proxy', undefined],
    ['http://', undefined],
    ['socks5://', undefined],
    ['', undefined],
  ] as const) {
    it(`makes ${href} of ${JSON.stringify(text)}`, () => assert.equal(parseProxyUrl(text)?.href, href));
  }
});
