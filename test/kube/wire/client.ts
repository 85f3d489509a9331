import { type ClientOptions, createClient, type KubeClient } from '../../../src/kube/client.ts';
import type { Connection, Credentials } from '../../../src/kube/connection.ts';
import type { Clock } from '../../../src/model/time.ts';
import type { TestServer } from './server.ts';

/** A clock that remembers how long it was slept on, and goes on by that at once. */
export class SleepClock implements Clock {
  // The machine's own time at first: the certificates that a test makes are valid, or expired, now.
  #now = Date.now();
  readonly sleeps: number[] = [];

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.#now += ms;
  }
}

/** A connection as a kubeconfig would give it. */
export function connectionTo(
  server: Pick<TestServer, 'url' | 'ca'>,
  changes: Partial<Connection> & { readonly user?: Credentials } = {},
): Connection {
  const { user = {}, ...others } = changes;
  return {
    server: server.url,
    tls: { ca: server.ca, serverName: undefined, insecureSkipVerify: false },
    proxy: null,
    namespace: 'default',
    contextName: 'test',
    impersonate: null,
    credentials: { get: async () => user, reject: () => false },
    warnings: [],
    ...others,
  };
}

export function clientOf(
  server: Pick<TestServer, 'url' | 'ca'>,
  changes: Parameters<typeof connectionTo>[1] = {},
  options: Partial<ClientOptions> = {},
): KubeClient {
  return createClient(connectionTo(server, changes), { clock: new SleepClock(), ...options });
}

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;

/** Everything that a stream of bytes brings. */
export async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The next item of something pulled. */
export async function pull<T>(iterator: AsyncIterator<T>): Promise<T> {
  const { value, done } = await iterator.next();
  if (done === true) throw new Error('it has ended');
  return value;
}
