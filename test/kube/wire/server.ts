import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type Settings,
} from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type Identity, issue } from '../config-table/certificates.ts';

/** One request that has arrived, and every way to answer it, good or bad. */
export class Exchange {
  readonly #request: IncomingMessage | Http2ServerRequest;
  readonly #response: ServerResponse | Http2ServerResponse;
  /** Which connection brought it: 0 is the first that the server ever had. */
  readonly connection: number;
  /** Resolves when the client has gone, or all was sent. */
  readonly closed: Promise<void>;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    connection: number,
  ) {
    this.#request = request;
    this.#response = response;
    this.connection = connection;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    response.on('close', resolve).on('error', () => resolve());
    request.on('error', () => resolve());
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get url(): URL {
    return new URL(this.#request.url ?? '/', 'https://test');
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get session(): Http2Session {
    const session = 'stream' in this.#response ? this.#response.stream.session : undefined;
    if (session === undefined) throw new Error('this is no HTTP/2');
    return session;
  }

  async body(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  /** Sends the headers; `write` and `end` follow. */
  begin(status = 200, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): void {
    if ('stream' in this.#response) this.#response.writeHead(status, headers);
    else this.#response.writeHead(status, headers).flushHeaders();
  }

  /** Resolves when the bytes were handed to the system, or the client has gone. */
  write(bytes: string | Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if ('stream' in this.#response) this.#response.stream.write(bytes, () => resolve());
    else this.#response.write(bytes, () => resolve());
    return Promise.race([promise, this.closed]);
  }

  end(bytes?: string | Uint8Array): void {
    if (bytes !== undefined) void this.write(bytes);
    this.#response.end();
  }

  send(status: number, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    this.begin(status, headers);
    this.end(body);
  }

  json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): void {
    this.send(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
  }

  /** Kubernetes' own form of a refusal. */
  refuse(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): void {
    this.json(
      { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `it is ${reason}`, reason, code },
      code,
      headers,
    );
  }

  /** Ends the HTTP/2 stream with a code. */
  reset(code: number): void {
    if ('stream' in this.#response) this.#response.stream.close(code);
  }

  /** Cuts the connection, with all that it carries; one that is gone already needs no cut. */
  cut(): void {
    if ('stream' in this.#response) this.#response.stream.session?.destroy();
    else this.#response.socket?.destroy();
  }
}

export interface TestServerOptions {
  /** Its certificate; a new one for localhost and 127.0.0.1 by default. */
  readonly identity?: Identity;
  /** `h2` by default (with HTTP/1.1 as ALPN's other choice); `http/1.1` alone over TLS, or without. */
  readonly speaks?: 'h2' | 'https/1.1' | 'http/1.1';
  readonly settings?: Settings;
  /** The authority of client certificates; they are asked for, and refused where they are another's. */
  readonly clientAuthority?: string;
}

/** A server that does what a test says. */
export class TestServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #sessions: Http2Session[] = [];
  readonly #queue: Exchange[] = [];
  #waiting: ((exchange: Exchange) => void)[] = [];
  readonly url: URL;
  /** The certificate that proves it, PEM. */
  readonly ca: string;
  /** What clients offered by ALPN, where the server speaks only HTTP/1.1. */
  readonly offered: string[][];
  /** Answers what arrives from now on; without it `next` gives each exchange to the test. */
  handle: ((exchange: Exchange) => unknown) | undefined;

  private constructor(server: Server, { url, ca, offered }: Pick<TestServer, 'url' | 'ca' | 'offered'>) {
    this.#server = server;
    this.url = url;
    this.ca = ca;
    this.offered = offered;
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { speaks = 'h2', settings, clientAuthority } = options;
    const { cert, key } = options.identity ?? (await issue({ name: 'faro-test' }));
    const client = clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true };
    const tls = { cert, key, ...client };
    const offered: string[][] = [];
    const ALPNCallback = ({ protocols }: { protocols: string[] }): string => {
      offered.push(protocols);
      return 'http/1.1';
    };
    const server: Server =
      speaks === 'h2'
        ? createSecureServer({ ...tls, allowHTTP1: true, ...(settings === undefined ? {} : { settings }) })
        : speaks === 'https/1.1'
          ? createTlsServer({ ...tls, ALPNCallback })
          : createPlainServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = new URL(`${speaks === 'http/1.1' ? 'http' : 'https'}://127.0.0.1:${port}`);
    const made = new TestServer(server, { url, ca: cert, offered });
    made.#listen();
    return made;
  }

  /** TCP connections so far. */
  get connections(): number {
    return this.#sockets.length;
  }

  /** The next request, for the test to answer. */
  next(): Promise<Exchange> {
    const queued = this.#queue.shift();
    if (queued !== undefined) return Promise.resolve(queued);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when every connection is closed. */
  deserted(): Promise<void> {
    return this.has(0);
  }

  /** Resolves when no more than so many connections are open. */
  async has(count: number): Promise<void> {
    for (;;) {
      const open = this.#sockets.filter((socket) => !socket.destroyed);
      if (open.length <= count) return;
      await Promise.race(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    }
  }

  /** Cuts every connection. */
  cut(): void {
    for (const session of this.#sessions) session.destroy(); // one that has sent GOAWAY no longer hears of its socket
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #listen(): void {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.push(socket.on('error', () => undefined));
    });
    this.#server.on('session', (session: Http2Session) => this.#sessions.push(session));
    for (const event of ['sessionError', 'tlsClientError']) this.#server.on(event, () => undefined); // the client hears of it, or has gone
    this.#server.on(
      'request',
      (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
        const socket = 'stream' in response ? response.stream.session?.socket : request.socket;
        const connection = this.#sockets.findIndex(({ remotePort }) => remotePort === socket?.remotePort);
        this.#take(new Exchange(request, response, connection));
      },
    );
  }

  #take(exchange: Exchange): void {
    if (this.handle !== undefined) void this.handle(exchange);
    else if (this.#waiting.length > 0) this.#waiting.shift()?.(exchange);
    else this.#queue.push(exchange);
  }
}
