import { request as httpRequest } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls';
import { FaroError } from '../model/errors.ts';
import { connectError } from './connect-error.ts';
import type { Connection, Credentials, ServerTrust } from './connection.ts';
import { connectSocks5 } from './socks5.ts';

/** Connecting, the proxy and the TLS handshake together may take this long. */
const CONNECT_TIMEOUT_MS = 30_000;
/** A peer that vanished without a word is noticed by TCP after this long. */
const KEEP_ALIVE_MS = 15_000;

/** Opens a verified TLS connection to the API server, through the proxy where there is one; ALPN says what it speaks. */
export async function openTlsSocket(
  connection: Connection,
  user: { readonly credentials: Credentials; readonly now: number },
  signal: AbortSignal,
): Promise<TLSSocket> {
  const timeout = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const socket = await openTcpSocket(connection, either);
    return await secure(socket, connection, user.credentials, either);
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(
      timeout.aborted ? new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`) : error,
      connection,
      user,
    );
  }
}

async function openTcpSocket({ server, proxy, tls }: Connection, signal: AbortSignal): Promise<Socket> {
  const target = { host: bareHost(server), port: Number(server.port || 443) };
  if (proxy === null)
    return opened(
      connectTcp({ ...target, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }),
      signal,
    );
  if (proxy.protocol === 'socks5:') {
    const socket = await opened(
      connectTcp({ host: bareHost(proxy), port: Number(proxy.port || 1080), noDelay: true, keepAlive: true }),
      signal,
    );
    return connectSocks5(socket, target, proxy, signal);
  }
  return connectHttpProxy({ proxy, tls }, target, signal);
}

/** An IPv6 address stands in brackets in a URL, and without them everywhere else. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function opened(socket: Socket, signal: AbortSignal): Promise<Socket> {
  return settle(socket, 'connect', signal);
}

async function secure(
  socket: Socket,
  connection: Connection,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { tls, server } = connection;
  const host = tls.serverName ?? bareHost(server);
  const secured = connectTls({
    socket,
    // SNI takes no addresses; what is verified is the host either way.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    host,
    // A leaf or an intermediate is trusted as the authority too, as Go does.
    ...(tls.ca === undefined ? {} : { ca: tls.ca, allowPartialTrustChain: true }),
    ...(credentials.clientCertificate ?? {}),
    rejectUnauthorized: !tls.insecureSkipVerify,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  return settle(secured, 'secureConnect', signal);
}

/** Resolves at the event; destroys the socket when the signal aborts first. */
function settle<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket
    .once(event, () => resolve(socket))
    .once('error', reject)
    .once('close', () => reject(new Error('the connection was closed')));
  return promise
    .catch((error: unknown) => {
      socket.on('error', () => undefined).destroy(); // it failed already; what follows tells nothing more
      throw error;
    })
    .finally(() => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('close').removeListener('error', reject);
    });
}

/** A proxy's own certificate may come from the cluster's authority or from one that everybody knows. */
function connectSecureProxy(proxy: URL, tls: ServerTrust): TLSSocket {
  return connectTls({
    host: bareHost(proxy),
    port: Number(proxy.port || 443),
    servername: bareHost(proxy),
    ...(tls.ca === undefined ? {} : { ca: [...getCACertificates('default'), tls.ca], allowPartialTrustChain: true }),
    rejectUnauthorized: !tls.insecureSkipVerify,
  });
}

function connectHttpProxy(
  { proxy, tls }: { proxy: URL; tls: ServerTrust },
  target: { host: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const isSecure = proxy.protocol === 'https:';
  const request = httpRequest({
    ...(isSecure ? { createConnection: () => connectSecureProxy(proxy, tls) } : {}),
    host: bareHost(proxy),
    port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...authorization },
    signal,
  });
  request.once('connect', (response, socket) => {
    if (response.statusCode === 200) resolve(socket);
    else {
      socket.destroy();
      reject(
        new FaroError(
          'unreachable',
          `the proxy ${proxy.host} answered with HTTP ${response.statusCode} to CONNECT ${authority}`,
          { hint: 'check proxy-url, HTTPS_PROXY and NO_PROXY' },
        ),
      );
    }
  });
  request.once('error', reject).end();
  return promise;
}
