import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Identity } from '../config-table/certificates.ts';
import { listen } from '../config-table/server.ts';

/** A proxy that carries everything to one server, and remembers what it was asked for. */
export interface TestProxy extends AsyncDisposable {
  readonly url: URL;
  /** `CONNECT host:port` or `GET http://…`, and the login that came with it. */
  readonly asked: string[];
}

/** An HTTP proxy: tunnels (CONNECT), and plain requests that name the whole URL. */
export async function startHttpProxy(
  target: URL,
  options: { identity?: Identity; login?: string } = {},
): Promise<TestProxy> {
  const asked: string[] = [];
  const isWelcome = (message: IncomingMessage): boolean => {
    const login = Buffer.from(
      (message.headers['proxy-authorization'] ?? '').replace('Basic ', ''),
      'base64',
    ).toString();
    asked.push(`${message.method} ${message.url}${login === '' ? '' : ` ${login}`}`);
    return options.login === undefined || options.login === login;
  };
  const server: Server = options.identity === undefined ? createServer() : createSecureServer(options.identity);
  server.on('connect', (message, client: Duplex) => {
    if (!isWelcome(message)) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const carried = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      carried.pipe(client).pipe(carried);
    });
    carried.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('error', () => carried.destroy()).on('close', () => carried.destroy());
  });
  server.on('request', (message: IncomingMessage, response) => {
    if (!isWelcome(message)) return void response.writeHead(407).end();
    const { method, url = '', headers } = message;
    message.pipe(
      request({ method, headers, path: new URL(url).pathname, host: target.hostname, port: target.port }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  const port = await listen(server);
  const scheme = options.identity === undefined ? 'http' : 'https';
  return {
    url: new URL(`${scheme}://127.0.0.1:${port}`),
    asked,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** A peer that says prepared bytes, each when it has read as many as are due, and remembers all that it read. */
export async function startScript(
  steps: readonly (readonly [reads: number, says: readonly number[]])[],
): Promise<{ readonly url: URL; readonly heard: Buffer[] } & AsyncDisposable> {
  const heard: Buffer[] = [];
  const server = createTcpServer((socket) => void play(socket, steps, heard));
  const port = await listen(server);
  return { url: new URL(`socks5://127.0.0.1:${port}`), heard, [Symbol.asyncDispose]: async () => void server.close() };
}

async function play(
  socket: Socket,
  steps: readonly (readonly [reads: number, says: readonly number[]])[],
  heard: Buffer[],
): Promise<void> {
  socket.on('error', () => undefined);
  const bytes = socket[Symbol.asyncIterator]();
  let read = Buffer.alloc(0);
  for (const [reads, says] of steps) {
    while (read.length < reads) read = Buffer.concat([read, (await bytes.next()).value ?? Buffer.alloc(reads)]);
    heard.push(read.subarray(0, reads));
    read = read.subarray(reads);
    for (const byte of says)
      await new Promise((resolve) => socket.write(Buffer.from([byte]), () => setImmediate(resolve)));
  }
  socket.end();
}
