import { isIP, type Socket } from 'node:net';
import { FaroError } from '../../model/errors.ts';
import { type Address, loginOf } from './address.ts';
import { eventOf } from './event.ts';

const REPLIES = [
  '',
  'failed',
  'does not allow it',
  'says that the network is unreachable',
  'says that the host is unreachable',
  'says that the connection was refused',
  'gave up waiting for the host',
  'does not know CONNECT',
  'does not know this kind of address',
];
const VERSION = 5;
const NO_LOGIN = 0;
const LOGIN = 2;
const CONNECT = 1;
const ADDRESS = { v4: 1, name: 3, v6: 4 } as const;

/** Asks a SOCKS5 proxy (RFC 1928, a login by RFC 1929) for a connection; the proxy resolves the name. */
export async function openSocks5(socket: Socket, proxy: URL, target: Address, signal: AbortSignal): Promise<Socket> {
  const read = (length: number): Promise<Buffer> => readExactly(socket, length, signal);
  const login = loginOf(proxy);
  socket.write(Buffer.from(login === undefined ? [VERSION, 1, NO_LOGIN] : [VERSION, 2, NO_LOGIN, LOGIN]));
  const [version, method] = await read(2);
  if (version !== VERSION) throw failure(proxy, 'does not speak SOCKS5');
  if (method === LOGIN && login !== undefined) {
    socket.write(Buffer.concat([Buffer.from([1]), sized(login.user, proxy), sized(login.password, proxy)]));
    const [, status] = await read(2);
    if (status !== 0) throw failure(proxy, 'refused the user name or the password');
  } else if (method !== NO_LOGIN) throw failure(proxy, 'wants a login that its URL does not give');
  const port = Buffer.alloc(2);
  port.writeUInt16BE(target.port);
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressBytes(target.host, proxy), port]));
  const [, reply = 1, , kind] = await read(4);
  if (reply !== 0) throw failure(proxy, `${REPLIES[reply] ?? `answered ${reply}`} (CONNECT to ${target.host})`);
  const [length = 0] = kind === ADDRESS.name ? await read(1) : [kind === ADDRESS.v6 ? 16 : 4];
  await read(length + 2);
  return socket;
}

function addressBytes(host: string, proxy: URL): Buffer {
  const version = isIP(host);
  if (version === 0) return Buffer.concat([Buffer.from([ADDRESS.name]), sized(host, proxy)]);
  if (version === 4) return Buffer.from([ADDRESS.v4, ...host.split('.').map(Number)]);
  return Buffer.concat([Buffer.from([ADDRESS.v6]), v6Bytes(host)]);
}

/** The sixteen bytes of an IPv6 address as URL writes it: shortest form, hexadecimal throughout. */
function v6Bytes(host: string): Buffer {
  const [head = '', tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function sized(text: string, proxy: URL): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw failure(proxy, 'cannot be given a name or password of more than 255 bytes');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Exactly `length` bytes; nothing of what follows them is taken from the socket. */
async function readExactly(socket: Socket, length: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let missing = length; missing > 0; ) {
    // What is there is taken at once: Node calls a socket readable again and again while bytes are left in it.
    const available = Math.min(missing, socket.readableLength);
    const part: unknown = available === 0 ? null : socket.read(available);
    if (Buffer.isBuffer(part)) {
      parts.push(part);
      missing -= part.length;
    } else await eventOf(socket, 'readable', signal);
  }
  return Buffer.concat(parts);
}

function failure(proxy: URL, what: string): FaroError {
  return new FaroError('unreachable', `the SOCKS proxy ${proxy.host} ${what}`, {
    hint: 'check proxy-url and HTTPS_PROXY',
  });
}
