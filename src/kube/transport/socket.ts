import type { Socket } from 'node:net';
import { FaroError, messageOf } from '../../model/errors.ts';
import type { Connection, Credentials } from '../connection.ts';
import { addressOf } from './address.ts';
import { BlockReader } from './block-reader.ts';
import { connectError, reasonOf } from './connect-error.ts';
import { FileConnection } from './file-connection.ts';
import { openProxy, openTunnel } from './http-proxy.ts';
import { openSocks5 } from './socks5.ts';
import { openTcp } from './tcp.ts';
import { openTls, secure, type TlsOptions } from './tls.ts';

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
export function openSocket(caller: Caller, options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  return inTime(caller, options.timeoutMs, signal, (either) => open(caller, options.protocols, either));
}

/** The same for files, in HTTP/1.1. What comes over a proxy is read as Node reads it; else straight into large blocks. */
export function openForFiles(caller: Caller, timeoutMs: number, signal: AbortSignal): Promise<FileConnection> {
  const { server, proxy } = caller.connection;
  const reader = new BlockReader();
  const { onread } = reader;
  return inTime(caller, timeoutMs, signal, async (either) => {
    const address = addressOf(server);
    const socket =
      proxy !== null
        ? await open(caller, FOR_FILES, either)
        : server.protocol === 'http:'
          ? await openTcp(address, either, onread)
          : await openTls({ ...tlsOptions(caller, FOR_FILES), address, onread }, either);
    reader.attach(socket, { isBegun: proxy === null });
    return new FileConnection(socket, reader);
  });
}

const FOR_FILES = ['http/1.1'];

async function inTime<T>(
  caller: Caller,
  timeoutMs: number,
  signal: AbortSignal,
  opening: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    either.throwIfAborted();
    return await opening(either);
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(timeout.aborted ? tooSlow(timeoutMs, error) : error, caller);
  }
}

function tooSlow(timeoutMs: number, cause: unknown): FaroError {
  const hint = 'check the network, VPN or proxy';
  return new FaroError('unreachable', `no connection within ${timeoutMs / 1000} s`, { hint, cause });
}

async function open(caller: Caller, protocols: readonly string[], signal: AbortSignal): Promise<Socket> {
  const socket = await carried(caller.connection, signal);
  if (caller.connection.server.protocol === 'http:') return socket;
  return secure(socket, tlsOptions(caller, protocols), signal);
}

function tlsOptions({ connection, credentials }: Caller, protocols: readonly string[]): TlsOptions {
  const { server, tls: trust } = connection;
  const host = trust.serverName ?? addressOf(server).host;
  return { trust, host, clientCertificate: credentials.clientCertificate, protocols };
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
