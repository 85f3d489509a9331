import { isIPv6 } from 'node:net';
import type { Clock } from '../model/time.ts';
import { createClient, type KubeClient } from './client.ts';
import type { Connection, ServerTrust } from './connection.ts';

/** The kubelet's own port. */
export const KUBELET_PORT = 10250;

export interface KubeletOptions {
  readonly port: number;
  /** How kubelets are recognised; not as the API server is. */
  readonly trust: ServerTrust;
  readonly clock: Clock;
}

/**
 * Clients of kubelets, each by its node's address, as the connection's user: for node files without `nodes/proxy`,
 * where the user may `get nodes/log` and can reach the nodes. Dispose it to close every connection.
 */
export class KubeletClients implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #options: KubeletOptions;
  readonly #clients = new Map<string, KubeClient>();

  constructor(connection: Connection, options: KubeletOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  of(host: string): Pick<KubeClient, 'raw'> {
    const known = this.#clients.get(host);
    if (known !== undefined) return known;
    const { port, trust, clock } = this.#options;
    const server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
    const { rereadTrust: _clusterOnly, ...connection } = this.#connection;
    const client = createClient({ ...connection, server, tls: trust, proxy: null }, { clock });
    this.#clients.set(host, client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
  }
}
