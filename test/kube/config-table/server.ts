import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Identity, People } from './certificates.ts';

/** How one request showed who it came from. */
export interface Seen {
  readonly tls: boolean;
  /** Path before `/api`. */
  readonly path: string;
  readonly namespace: string;
  /** Common name of a client certificate that the test authority issued and that is valid. */
  readonly certificate: string | null;
  /** The owner of the bearer token. */
  readonly token: string | null;
  readonly impersonate: Readonly<Record<string, string>>;
  readonly sni: string | null;
  /** Which proxy carried it, or `direct`. */
  readonly via: string;
}

/** An API server that knows one request, `create token probe`, and remembers who asked. */
export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  readonly plainPort: number;
  /** What was seen since it was last asked. */
  take(): Seen[];
  /** Says farewell on every connection, and proves itself by another certificate from now on. Resolves when all are closed. */
  rotate(identity: Identity): Promise<void>;
  /** Tells that connections from this local port come through a proxy. */
  carried(port: number, by: string): void;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

export async function startServer(people: People): Promise<ApiServer> {
  let seen: Seen[] = [];
  const carriers = new Map<number, string>();
  const answer = (request: Request, response: Response): void => {
    request.resume();
    const who = look(request, people, carriers);
    seen.push(who);
    const refused = request.headers.authorization !== undefined && who.token === null && who.certificate === null;
    response.statusCode = refused ? 401 : 201;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(refused ? UNAUTHORIZED : TOKEN));
  };
  const secure = createSecureServer({
    cert: people.server.cert,
    key: people.server.key,
    ca: people.authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
    allowHTTP1: true,
  });
  secure.on('request', answer);
  const sessions = new Set<ServerHttp2Session>();
  secure.on('session', (session) => sessions.add(session.once('close', () => sessions.delete(session))));
  const plain = createHttpServer((request, response) => answer(request, response));
  const servers = [secure, plain];
  const ports = await Promise.all(servers.map(listen));
  return {
    port: ports[0] ?? 0,
    plainPort: ports[1] ?? 0,
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
    async rotate({ cert, key }) {
      secure.setSecureContext({ cert, key, ca: people.authority.cert });
      await Promise.all([...sessions].map((session) => new Promise<void>((resolve) => session.close(resolve))));
    },
    carried: (port, by) => void carriers.set(port, by),
    [Symbol.asyncDispose]: async () => void servers.map((server) => server.close()),
  };
}

/** Starts a server on a free port of the loopback; whatever still hangs on it does not keep the test alive. */
export async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.on('connection', (socket: Socket) => socket.unref());
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  server.unref();
  return (server.address() as AddressInfo).port;
}

function look(request: Request, people: People, carriers: Map<number, string>): Seen {
  const socket = 'stream' in request ? request.stream.session?.socket : request.socket;
  const tls = socket instanceof TLSSocket || (socket !== undefined && 'getPeerCertificate' in socket);
  const [, path = '', namespace = ''] = /^(.*)\/api\/v1\/namespaces\/([^/]*)\//.exec(request.url ?? '') ?? [];
  const headers = Object.entries(request.headers).filter(([name]) => name.startsWith('impersonate-'));
  return {
    tls,
    path,
    namespace,
    certificate: tls ? certificateOf(socket as TLSSocket) : null,
    token: tokenOwner(request.headers.authorization, people),
    impersonate: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    sni: tls ? sniOf(socket as TLSSocket & { servername?: string | false }) : null,
    via: carriers.get(socket?.remotePort ?? 0) ?? 'direct',
  };
}

/** Go sends the name as it was written, the URL class in lower case: DNS knows no difference. */
function sniOf({ servername }: { servername?: string | false }): string | null {
  return servername ? servername.toLowerCase() : null;
}

function certificateOf(socket: TLSSocket): string | null {
  if (!socket.authorized) return null;
  const name = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === 'string' ? name : null;
}

function tokenOwner(header: string | undefined, { tokens }: People): string | null {
  const token = /^Bearer (.*)$/.exec(header ?? '')?.[1];
  if (token === tokens.ada) return 'ada';
  return token === tokens.grace ? 'grace' : null;
}

const UNAUTHORIZED = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Unauthorized',
  code: 401,
  message: 'Unauthorized',
};
const TOKEN = {
  kind: 'TokenRequest',
  apiVersion: 'authentication.k8s.io/v1',
  metadata: { name: 'probe' },
  spec: { audiences: [], expirationSeconds: 3600 },
  status: { token: 'granted', expirationTimestamp: '2040-01-01T00:00:00Z' },
};
