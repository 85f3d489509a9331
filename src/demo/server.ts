import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { generate } from 'selfsigned';
import { FaroError, messageOf } from '../model/errors.ts';
import { Answer } from './answer.ts';
import { type Api, handle, type Route, routeOf } from './api.ts';
import type { Availability } from './availability.ts';
import type { Fault } from './faults.ts';

/** What a client needs to reach the simulated cluster. */
export interface ServerAddress {
  readonly url: URL;
  /** PEM. */
  readonly ca: string;
}

/** What the server proves itself with, PEM. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** An authority that also serves, or what one has signed. */
export async function createIdentity(ca?: ServerIdentity): Promise<ServerIdentity> {
  const name = ca === undefined ? 'faro-demo' : 'faro-demo-renewed';
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(ca === undefined ? {} : { ca }),
    extensions: [
      { name: 'basicConstraints', cA: ca === undefined },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}

/** Serves the API over HTTPS, HTTP/2 and HTTP/1.1, on loopback. */
export class SimulatedServer implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #identity: ServerIdentity;

  constructor(api: Api, identity: ServerIdentity) {
    this.#identity = identity;
    const { cert, key } = identity;
    const settings = { maxConcurrentStreams: api.maxStreams };
    this.#server = createSecureServer({ key, cert, allowHTTP1: true, settings });
    this.#server.on('request', (request, response) => answer(api, request, response));
    this.#server.on('sessionError', () => undefined); // a client that broke off: its requests hear of it
    this.#server.on('connection', (socket: Socket) => this.#accept(socket, api.server));
  }

  /** Resolves when it can be reached at `address`. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#server.listen(0, '127.0.0.1', resolve).once('error', reject));
  }

  get address(): ServerAddress {
    const { port } = this.#server.address() as AddressInfo;
    return { url: new URL(`https://127.0.0.1:${port}`), ca: this.#identity.cert };
  }

  /** From the next connection on it proves itself with another certificate, of the same authority. */
  async renewCertificate(): Promise<void> {
    this.#server.setSecureContext(await createIdentity(this.#identity));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** A connection lasts until the API server goes down; while it is down, there are none. */
  #accept(socket: Socket, { isUp, connections }: Availability): void {
    if (!isUp) {
      socket.destroy();
      return;
    }
    const breakOff = () => void socket.destroy();
    connections.addEventListener('abort', breakOff, { once: true });
    this.#sockets.add(socket);
    socket.once('close', () => {
      connections.removeEventListener('abort', breakOff);
      this.#sockets.delete(socket);
    });
  }
}

function answer(api: Api, request: Http2ServerRequest, response: Http2ServerResponse): void {
  const route = routeOf(api, request.method ?? 'GET', request.url ?? '/');
  const fault = api.faults.take(route.fault);
  const reply = new Answer(response, fault);
  void respond(api, { request, route, reply, fault }).catch((error: unknown) => {
    reply.json(500, {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'InternalError',
      code: 500,
      message: messageOf(error),
    });
  });
}

interface Call {
  readonly request: Http2ServerRequest;
  readonly route: Route;
  readonly reply: Answer;
  readonly fault: Fault | undefined;
}

async function respond(api: Api, call: Call): Promise<void> {
  const { request, route, reply, fault } = call;
  if (fault?.type === 'delay') await api.clock.sleep(fault.ms, reply.signal);
  const body = request.method === 'GET' ? undefined : await bodyOf(request);
  const { accept = '', range } = request.headers;
  await handle(api, { route, reply, body, token: tokenOf(request), accept, range, fault });
}

async function bodyOf(request: Http2ServerRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString() || 'null');
  } catch (cause) {
    throw new FaroError('protocol', 'the request holds no JSON', { cause });
  }
}

function tokenOf(request: Http2ServerRequest): string {
  return (request.headers.authorization ?? '').replace(/^Bearer /, '');
}
