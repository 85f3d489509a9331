import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { FaroError } from '../../model/errors.ts';

const SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:'];
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/** A kubeconfig's proxy-url; undefined where it names no proxy that can be used. Never repeat it: it may hold a password. */
export function parseProxyUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && SCHEMES.includes(url.protocol) && url.hostname !== '' ? url : undefined;
}

/** The proxy for a server by HTTPS_PROXY (HTTP_PROXY for http:) and NO_PROXY, as Go's httpproxy reads them. */
export function proxyFromEnvironment(server: URL, env: NodeJS.ProcessEnv): URL | null {
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const name = names.find((candidate) => env[candidate]);
  const proxy = name === undefined ? null : environmentProxy(name, env[name] ?? '');
  if (proxy === null || !usesProxy(server, env.NO_PROXY || env.no_proxy || '')) return null;
  if (server.protocol === 'http:' && env.REQUEST_METHOD) throw cgiError(); // A request's "Proxy:" header lands in HTTP_PROXY.
  return proxy;
}

/** `host:port` alone means http; what is no address at all is ignored, as kubectl does. */
function environmentProxy(name: string, text: string): URL | null {
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return null;
  const url = new URL(full.replace(/^socks5h:/i, 'socks5:')); // Names are always resolved by the proxy.
  if (SCHEMES.includes(url.protocol)) return url;
  throw new FaroError('kubeconfig', `${name}: a proxy of the kind ${url.protocol} cannot be used`, {
    hint: 'Name an http:, https: or socks5: proxy, or put the server into NO_PROXY.',
  });
}

function cgiError(): FaroError {
  return new FaroError(
    'kubeconfig',
    'HTTP_PROXY is not used where REQUEST_METHOD is set: a CGI request could forge it',
    {
      hint: 'Unset REQUEST_METHOD, or name the proxy as proxy-url in the kubeconfig.',
    },
  );
}

interface Target {
  readonly host: string;
  readonly port: string;
  /** 0 for a name. */
  readonly ipVersion: number;
}

function usesProxy(server: URL, noProxy: string): boolean {
  const host = plainAddress(server.hostname.replaceAll(/^\[|\]$/g, ''));
  const target = { host, port: server.port || (DEFAULT_PORTS[server.protocol] ?? ''), ipVersion: isIP(host) };
  if (isLoopback(target)) return false;
  return !noProxy.split(',').some((entry) => exempts(entry.trim().toLowerCase(), target));
}

/** An IPv4 address in IPv6 clothes is the IPv4 address. */
function plainAddress(host: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  return [high, low].flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255]).join('.');
}

function isLoopback({ host, ipVersion }: Target): boolean {
  if (ipVersion === 0) return host === 'localhost';
  return inSubnet(host, '127.0.0.0', 8) || inSubnet(host, '::1', 128);
}

function exempts(entry: string, target: Target): boolean {
  if (entry === '*') return true;
  if (entry === '') return false;
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined && isIP(network) !== 0) return inSubnet(target.host, network, Number(bits));
  const { host: given, port } = splitPort(entry);
  const host = isIP(given) === 6 ? plainAddress(new URL(`http://[${given}]`).hostname.slice(1, -1)) : given;
  if (port !== '' && port !== target.port) return false;
  return isIP(host) === 0 ? exemptsName(host, target) : inSubnet(target.host, host, isIP(host) === 4 ? 32 : 128);
}

/** `example.com` means itself and everything below; `.example.com` and `*.example.com` only what is below. */
function exemptsName(entry: string, { host, ipVersion }: Target): boolean {
  if (ipVersion !== 0 || entry === '') return false;
  const suffix = entry.replace(/^\*(?=\.)/, '');
  if (suffix.startsWith('.')) return host.endsWith(`.${toAscii(suffix.slice(1))}`);
  const name = toAscii(suffix);
  return host === name || host.endsWith(`.${name}`);
}

function toAscii(name: string): string {
  return domainToASCII(name) || name;
}

/** `host:port`, `[v6]:port`, or a host alone, which may be a bare IPv6 address. */
function splitPort(entry: string): { host: string; port: string } {
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(entry) ?? [];
  return port === undefined ? { host: entry, port: '' } : { host: v6 ?? name ?? '', port };
}

function inSubnet(address: string, network: string, bits: number): boolean {
  const version = isIP(network);
  if (isIP(address) !== version || !(bits >= 0 && bits <= (version === 4 ? 32 : 128))) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
