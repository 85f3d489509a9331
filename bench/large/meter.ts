import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** Stands between a client and the API server and counts what the client is sent, encrypted as it is. */
export class Meter implements AsyncDisposable {
  readonly #server: Server;
  #bytes = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: URL): Promise<Meter> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const meter = new Meter(server);
    server.on('connection', (client) => {
      const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
      client.setNoDelay(true).pipe(upstream).pipe(client);
      upstream.on('data', (chunk: Buffer) => {
        meter.#bytes += chunk.length;
      });
      client.on('error', () => undefined).on('close', () => upstream.destroy());
      upstream.on('error', () => undefined).on('close', () => client.destroy());
    });
    return meter;
  }

  /** Bytes that came from the server so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a copy of a kubeconfig that leads here. */
  kubeconfig(original: string, copy: string): string {
    const { port } = this.#server.address() as AddressInfo;
    const text = readFileSync(original, 'utf8');
    writeFileSync(copy, text.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`), { mode: 0o600 });
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
