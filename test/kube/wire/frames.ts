import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { issue } from '../config-table/certificates.ts';

const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4];
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];
const HEAD_BYTES = 9;
/** The client's connection begins with so many bytes that are no frame. */
const PREFACE_BYTES = 24;
/** `:status: 200` in HPACK's static table. */
const STATUS_200 = Buffer.from([0x88]);
/** A field `a: b`. */
const TRAILER = Buffer.from([0x00, 1, 0x61, 1, 0x62]);

/** The frames of an answer on a stream; `true`: the stream ends with them. */
export const frames = {
  headers: (isEnd = false) => frameOf(HEADERS, STATUS_200, END_HEADERS | (isEnd ? END_STREAM : 0)),
  data: (bytes: Buffer | string, isEnd = false) => frameOf(DATA, Buffer.from(bytes), isEnd ? END_STREAM : 0),
  trailers: () => frameOf(HEADERS, TRAILER, END_HEADERS | END_STREAM),
  reset: (code: number) => frameOf(RST_STREAM, Buffer.of(0, 0, 0, code), 0),
};

/** A frame, once its stream's number is known. */
export type Frame = (stream: number) => Buffer;

/** A server that answers each request with the frames that it is told, which a library for HTTP/2 may not want to send. */
export class FrameServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();
  readonly url: URL;
  readonly ca: string;
  answer: readonly Frame[] = [];

  private constructor(server: Server, ca: string) {
    this.#server = server;
    this.ca = ca;
    this.url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('secureConnection', (socket) => this.#serve(socket));
  }

  static async start(): Promise<FrameServer> {
    const { cert, key } = await issue({ name: 'frames' });
    const server = createServer({ cert, key, ALPNProtocols: ['h2'] });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FrameServer(server, cert);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: TLSSocket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(frameOf(SETTINGS, Buffer.alloc(0), 0)(0));
    let bytes = Buffer.alloc(0);
    let isBegun = false;
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!isBegun && bytes.length >= PREFACE_BYTES) {
        isBegun = true;
        bytes = bytes.subarray(PREFACE_BYTES);
      }
      while (isBegun && bytes.length >= HEAD_BYTES) {
        const end = HEAD_BYTES + bytes.readUIntBE(0, 3);
        if (bytes.length < end) break;
        this.#take(socket, bytes);
        bytes = bytes.subarray(end);
      }
    });
  }

  #take(socket: TLSSocket, frame: Buffer): void {
    const [type, flags = 0] = [frame[3], frame[4]];
    const stream = frame.readUInt32BE(5);
    if (type === SETTINGS && (flags & ACK) === 0) socket.write(frameOf(SETTINGS, Buffer.alloc(0), ACK)(0));
    if (type === HEADERS) socket.write(Buffer.concat(this.answer.map((each) => each(stream))));
  }
}

function frameOf(type: number, payload: Buffer, flags: number): Frame {
  return (stream) => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
}
