import type { Socket } from 'node:net';
import { FaroError, messageOf } from '../../model/errors.ts';
import type { Connection, Credentials } from '../connection.ts';
import { addressOf } from './address.ts';
import { connectError, reasonOf } from './connect-error.ts';
import { openProxy, openTunnel } from './http-proxy.ts';
import { openSocks5 } from './socks5.ts';
import { openTcp } from './tcp.ts';
import { secure } from './tls.ts';

/** Whom a connection is opened for. */
export interface Caller {
  readonly connection: Connection;
  readonly credentials: Credentials;
  /** Milliseconds since the epoch: whether a certificate has expired. */
  readonly now: number;
}

export interface SocketOptions {
  /** Connecting, the proxy and the TLS handshake together. */
  readonly timeoutMs: number;
  /** What to offer by ALPN, the best first. */
  readonly protocols: readonly string[];
}

/** Opens a connection to the API server: through the proxy where there is one, verified where it is TLS. */
export async function openSocket(caller: Caller, options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  const { timeoutMs, protocols } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    either.throwIfAborted();
    return await open(caller, protocols, either);
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(timeout.aborted ? tooSlow(timeoutMs, error) : error, caller);
  }
}

function tooSlow(timeoutMs: number, cause: unknown): FaroError {
  const hint = 'check the network, VPN or proxy';
  return new FaroError('unreachable', `no connection within ${timeoutMs / 1000} s`, { hint, cause });
}

async function open(
  { connection, credentials }: Caller,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const { server, tls } = connection;
  const socket = await carried(connection, signal);
  if (server.protocol === 'http:') return socket;
  const host = tls.serverName ?? addressOf(server).host;
  const { clientCertificate } = credentials;
  return secure(socket, { trust: tls, host, clientCertificate, protocols }, signal);
}

/** A connection that carries bytes to the server, or to a proxy that takes plain HTTP requests for it. */
async function carried({ server, proxy, tls }: Connection, signal: AbortSignal): Promise<Socket> {
  const target = addressOf(server);
  if (proxy === null) return openTcp(target, signal);
  const socket = await opened(proxy, tls, signal);
  try {
    if (proxy.protocol === 'socks5:') return await openSocks5(socket, proxy, target, signal);
    return server.protocol === 'http:' ? socket : await openTunnel(socket, proxy, target, signal);
  } catch (error) {
    socket.on('error', () => undefined).destroy(); // it failed already; what follows tells nothing more
    throw error;
  }
}

async function opened(proxy: URL, trust: Connection['tls'], signal: AbortSignal): Promise<Socket> {
  try {
    return await (proxy.protocol === 'socks5:' ? openTcp(addressOf(proxy), signal) : openProxy(proxy, trust, signal));
  } catch (cause) {
    signal.throwIfAborted();
    const what = reasonOf(cause)?.what ?? messageOf(cause);
    throw new FaroError('unreachable', `the proxy ${proxy.host}: ${what}`, {
      hint: 'check proxy-url, HTTPS_PROXY and NO_PROXY',
      cause,
    });
  }
}
