import type { Socket } from 'node:net';
import { FaroError } from '../model/errors.ts';

/** Asks a SOCKS5 proxy (RFC 1928, user name and password by RFC 1929) for a connection; the proxy resolves the name. */
export async function connectSocks5(
  socket: Socket,
  target: { host: string; port: number },
  proxy: URL,
  signal: AbortSignal,
): Promise<Socket> {
  const fail = (what: string) =>
    new FaroError('unreachable', `the SOCKS proxy ${proxy.host} ${what}`, { hint: 'check proxy-url and HTTPS_PROXY' });
  const hasLogin = proxy.username !== '';
  socket.write(Buffer.from(hasLogin ? [5, 2, 0, 2] : [5, 1, 0]));
  const [, method] = await read(socket, 2, signal);
  if (method === 2) await login(socket, proxy, signal, fail);
  else if (method !== 0) throw fail('accepts none of the ways to log in that faro knows');
  const host = Buffer.from(target.host);
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 0, 3, host.length]), host, Buffer.from([target.port >> 8, target.port & 0xff])]),
  );
  const [, reply, , addressType] = await read(socket, 4, signal);
  if (reply !== 0) throw fail(`refused the connection (SOCKS reply ${reply})`);
  const [nameLength = 0] = addressType === 3 ? await read(socket, 1, signal) : [addressType === 4 ? 16 : 4];
  await read(socket, nameLength + 2, signal);
  return socket;
}

async function login(
  socket: Socket,
  proxy: URL,
  signal: AbortSignal,
  fail: (what: string) => FaroError,
): Promise<void> {
  const user = Buffer.from(decodeURIComponent(proxy.username));
  const password = Buffer.from(decodeURIComponent(proxy.password));
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
  const [, status] = await read(socket, 2, signal);
  if (status !== 0) throw fail('refused the user name or password');
}

/** Exactly `length` bytes; nothing of what follows them is taken from the socket. */
async function read(socket: Socket, length: number, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const bytes: unknown = socket.read(length);
    if (Buffer.isBuffer(bytes)) return bytes;
    await readable(socket, signal);
  }
}

function readable(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(new Error('the proxy closed the connection'));
  const onAbort = () => reject(signal.reason);
  socket.once('readable', resolve).once('error', reject).once('close', onClose);
  signal.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    socket.removeListener('readable', resolve).removeListener('error', reject).removeListener('close', onClose);
    signal.removeEventListener('abort', onAbort);
  });
}
