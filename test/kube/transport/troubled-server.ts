import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { Identity } from '../config-table/certificates.ts';
import { listen } from '../config-table/server.ts';

/** How a server answers one question in HTTP/1.1, each time that it is asked. */
export interface Plan {
  readonly body: Buffer;
  readonly framing: 'length' | 'chunked' | 'close';
  /** Promises of an answer before it. */
  readonly interim: number;
  /** The answer is sent in so many parts, with turns of the event loop in between. */
  readonly parts: number;
  /**
   * What comes of its connection: `kept`; `told` to close, and closed; closed `behind` the answer without a word, as a server
   * does with one that it kept for long enough; `cut` off after so many bytes of the answer; or silent from there on
   * (`stalled`); bytes that nobody asked for come behind the answer (`chatty`).
   */
  readonly end:
    | { readonly type: 'kept' | 'told' | 'behind' | 'chatty' }
    | { readonly type: 'cut' | 'stalled'; readonly after: number };
}

/** The bytes of an answer, head and body. */
export function answerOf({ body, framing, interim, end }: Plan): Buffer {
  const fields = {
    length: `Content-Length: ${body.length}\r\n`,
    chunked: 'Transfer-Encoding: chunked\r\n',
    close: '',
  }[framing];
  const close = end.type === 'told' || framing === 'close' ? 'Connection: close\r\n' : '';
  const head = `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(interim)}HTTP/1.1 200 OK\r\n${fields}${close}\r\n`;
  return Buffer.concat([Buffer.from(head), framing === 'chunked' ? chunked(body) : body]);
}

/** In chunks of uneven sizes. */
function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 40_009) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** A server of HTTP/1.1 that keeps to a plan for each path, to the byte. */
export class TroubledServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #planOf: (path: string) => Plan;
  readonly #sockets = new Set<Socket>();
  /** The questions that were asked, heads and all. */
  readonly asked: string[] = [];
  readonly url: URL;

  private constructor(server: Server, url: URL, planOf: (path: string) => Plan) {
    this.#server = server;
    this.#planOf = planOf;
    this.url = url;
  }

  /** @param identity over TLS where it is given */
  static async start(planOf: (path: string) => Plan, identity?: Identity): Promise<TroubledServer> {
    const server =
      identity === undefined
        ? createPlainServer()
        : createTlsServer({
            ...identity,
            ALPNCallback: ({ protocols }) => protocols.find((one) => one === 'http/1.1'),
          });
    const scheme = identity === undefined ? 'http' : 'https';
    const url = new URL(`${scheme}://127.0.0.1:${await listen(server)}`);
    const made = new TroubledServer(server, url, planOf);
    server.on(identity === undefined ? 'connection' : 'secureConnection', (socket: Socket) => void made.#serve(socket));
    return made;
  }

  /** Resolves when no more than so many connections are open. */
  async has(count: number): Promise<void> {
    while (this.#sockets.size > count)
      await Promise.race([...this.#sockets].map((socket) => new Promise((closed) => socket.once('close', closed))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => void this.#sockets.delete(socket));
    let question = '';
    try {
      for await (const bytes of socket) {
        question += bytes.toString('latin1');
        if (!question.endsWith('\r\n\r\n')) continue;
        const path = question.split(' ', 2)[1] ?? '';
        this.asked.push(question);
        question = '';
        await answer(socket, this.#planOf(path));
      }
    } catch {
      socket.destroy(); // the client has gone
    }
  }
}

async function answer(socket: Socket, plan: Plan): Promise<void> {
  const { end, parts, framing } = plan;
  const whole = answerOf(plan);
  // In one piece: should more come when the next question was asked already, nobody could tell what it answers.
  const all = end.type === 'chatty' ? Buffer.concat([whole, UNASKED]) : whole;
  const bytes = 'after' in end ? all.subarray(0, end.after) : all;
  const size = Math.ceil(bytes.length / parts);
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    const isTaken = socket.write(bytes.subarray(at, at + size));
    if (!isTaken) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
    for (let turns = 0; parts > 1 && turns < 3; turns += 1) await turn();
  }
  if (end.type === 'cut') socket.destroySoon();
  else if (end.type === 'told' || end.type === 'behind' || (framing === 'close' && end.type !== 'stalled'))
    socket.end();
}

const UNASKED = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad');
