import { request } from 'node:http';
import type { Socket } from 'node:net';
import { FaroError } from '../../model/errors.ts';
import type { ServerTrust } from '../connection.ts';
import { type Address, addressOf, authorityOf, loginOf } from './address.ts';
import { openTcp } from './tcp.ts';
import { secure } from './tls.ts';

/** Opens a connection to an http: or https: proxy itself. */
export async function openProxy(proxy: URL, trust: ServerTrust, signal: AbortSignal): Promise<Socket> {
  const address = addressOf(proxy);
  const socket = await openTcp(address, signal);
  if (proxy.protocol !== 'https:') return socket;
  return secure(socket, { trust: { ...trust, ca: trust.ca, serverName: undefined }, host: address.host }, signal);
}

/** How a proxy is told who asks. */
export function proxyAuthorization(proxy: URL): Readonly<Record<string, string>> {
  const login = loginOf(proxy);
  if (login === undefined) return {};
  const text = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  return { 'proxy-authorization': `Basic ${text}` };
}

/** Asks a proxy for a tunnel (CONNECT). */
export async function openTunnel(socket: Socket, proxy: URL, target: Address, signal: AbortSignal): Promise<Socket> {
  const authority = authorityOf(target);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const call = request({
    createConnection: () => socket,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    signal,
  });
  call.once('connect', (response, _socket, head: Buffer) => {
    if (response.statusCode !== 200) return refuse(response.statusCode ?? 0);
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  const refuse = (status: number): void => {
    socket.destroy();
    reject(refusal(proxy, status, authority));
  };
  // Some proxies refuse with an ordinary answer.
  call.once('response', (response) => refuse(response.statusCode ?? 0));
  call.once('error', reject).end();
  return promise;
}

function refusal(proxy: URL, status: number, authority: string): FaroError {
  const what = `the proxy ${proxy.host} answered with HTTP ${status} to CONNECT ${authority}`;
  const login = loginOf(proxy) === undefined ? 'put USER:PASSWORD@ into its URL' : 'check its user name and password';
  const hint = status === 407 ? `the proxy wants a login: ${login}` : 'check proxy-url, HTTPS_PROXY and NO_PROXY';
  return new FaroError('unreachable', what, { hint });
}
