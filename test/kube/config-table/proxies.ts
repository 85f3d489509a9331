import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { People } from './certificates.ts';
import { type ApiServer, listen } from './server.ts';

/** Proxies that carry every connection to the test server, whatever address was asked for. */
export interface Proxies extends AsyncDisposable {
  readonly http: number;
  readonly https: number;
  readonly socks: number;
  /** `host:port` that were asked for since the last question, and the credentials that came with it. */
  take(): string[];
}

export async function startProxies(api: ApiServer, people: People): Promise<Proxies> {
  let asked: string[] = [];
  const note = (target: string, credentials: string | undefined): void => {
    asked.push(credentials === undefined ? target : `${target} ${credentials}`);
  };
  const carry = (client: Duplex, by: string, then: () => void): void => {
    const server = connect(api.port, '127.0.0.1', () => {
      api.carried(server.localPort ?? 0, by);
      then();
      server.pipe(client).pipe(server);
    });
    server.unref();
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const)
      end.on('error', () => other.destroy()).on('close', () => other.destroy());
  };
  const http = createHttpServer();
  const https = createHttpsServer({ cert: people.server.cert, key: people.server.key });
  for (const [server, by] of [
    [http, 'http proxy'],
    [https, 'https proxy'],
  ] as const) {
    server.on('connect', (request, client: Duplex) => {
      note(request.url ?? '', basicOf(request.headers['proxy-authorization']));
      carry(client, by, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    });
  }
  const socks = createServer((client) => void serveSocks(client, note, carry));
  const servers = [http, https, socks];
  const ports = await Promise.all(servers.map(listen));
  return {
    http: ports[0] ?? 0,
    https: ports[1] ?? 0,
    socks: ports[2] ?? 0,
    take() {
      const taken = asked;
      asked = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => void servers.map((server) => server.close()),
  };
}

function basicOf(header: string | undefined): string | undefined {
  return header?.startsWith('Basic ') ? Buffer.from(header.slice(6), 'base64').toString() : undefined;
}

/** As much of SOCKS5 (RFC 1928, 1929) as a client needs: with or without a user name, CONNECT to a name or address. */
async function serveSocks(
  client: Socket,
  note: (target: string, credentials: string | undefined) => void,
  carry: (client: Duplex, by: string, then: () => void) => void,
): Promise<void> {
  const read = reader(client);
  const [, count = 0] = await read(2);
  const methods = await read(count);
  let credentials: string | undefined;
  if (methods.includes(2)) {
    client.write(Buffer.from([5, 2]));
    const user = await read(((await read(2))[1] ?? 0) + 1);
    const password = await read(user.at(-1) ?? 0);
    credentials = `${user.subarray(0, -1)}:${password}`;
    client.write(Buffer.from([1, 0]));
  } else client.write(Buffer.from([5, 0]));
  const [, , , kind] = await read(4);
  const address =
    kind === 3 ? String(await read((await read(1))[0] ?? 0)) : [...(await read(kind === 4 ? 16 : 4))].join('.');
  note(`${address}:${(await read(2)).readUInt16BE()}`, credentials);
  carry(client, 'socks proxy', () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
}

function reader(client: Socket): (size: number) => Promise<Buffer> {
  const more = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.once('readable', resolve).once('close', () => reject(new Error('the client has gone')));
    await promise;
  };
  return async (size) => {
    for (;;) {
      const bytes: Buffer | null = size === 0 ? Buffer.alloc(0) : client.read(size);
      if (bytes !== null) return bytes;
      await more();
    }
  };
}
