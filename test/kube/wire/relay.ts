import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Carries bytes between a client and a server, until a test freezes it: a network in which a peer just vanishes. */
export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #clients: Socket[] = [];
  readonly #sockets: Socket[] = [];
  #isGone = false;
  readonly url: URL;

  private constructor(server: Server, url: URL) {
    this.#server = server;
    this.url = url;
  }

  /** Without a target it takes connections, and says nothing. */
  static async start(target?: URL): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const relay = new Relay(server, new URL(`https://127.0.0.1:${port}`));
    server.on('connection', (client) => relay.#carry(client, target));
    return relay;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#clients.length;
  }

  /** From now on nothing passes, in either direction, and nobody is told. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe().resume();
  }

  /** The network is gone: nothing passes any more, on new connections neither, and nobody is told. */
  vanish(): void {
    this.freeze();
    this.#isGone = true;
  }

  /** The network is back; what was open on it is lost. */
  comeBack(): void {
    this.#isGone = false;
    this.cut();
  }

  /** Ends every connection; new ones are carried as before. */
  cut(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  /** Resolves when the client has closed every connection. */
  async deserted(): Promise<void> {
    await Promise.all(
      this.#clients.map((client) => client.destroyed || new Promise((resolve) => client.once('close', resolve))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #carry(client: Socket, target: URL | undefined): void {
    this.#clients.push(client);
    this.#sockets.push(client.on('error', () => undefined));
    if (target === undefined || this.#isGone) return void client.resume();
    const server = connect(Number(target.port), target.hostname).on('error', () => undefined);
    this.#sockets.push(server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}
