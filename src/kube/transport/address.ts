/** Where to open a TCP connection. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80, 'socks5:': 1080 };

/** The host and port of a URL; an IPv6 address stands in brackets there, and without them everywhere else. */
export function addressOf(url: URL): Address {
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 443) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

/** `host:port` as it stands in a CONNECT request. */
export function authorityOf({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A proxy's user name and password, decoded; undefined where it has none. */
export function loginOf(proxy: URL): { readonly user: string; readonly password: string } | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return { user: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) };
}
