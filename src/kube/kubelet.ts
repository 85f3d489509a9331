import { isIPv6 } from 'node:net';
import type { Clock } from '../model/time.ts';
import { createClient, type KubeClient } from './client.ts';
import type { Connection, ServerTrust } from './connection.ts';

/** The kubelet's own port. */
const PORT = 10250;

/**
 * Clients of kubelets, each by its node's address, as the connection's user: for node files without `nodes/proxy`,
 * where the user may `get nodes/log` and can reach the nodes. Dispose it to close every connection.
 */
export class KubeletClients implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #trust: ServerTrust;
  readonly #clock: Clock;
  readonly #clients = new Map<string, KubeClient>();

  constructor(connection: Connection, trust: Pick<ServerTrust, 'ca' | 'insecureSkipVerify'>, clock: Clock) {
    this.#connection = connection;
    this.#trust = { serverName: undefined, ...trust };
    this.#clock = clock;
  }

  of(host: string): Pick<KubeClient, 'raw'> {
    const known = this.#clients.get(host);
    if (known !== undefined) return known;
    const server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${PORT}`);
    const { rereadTrust: _clusterOnly, ...connection } = this.#connection;
    const client = createClient({ ...connection, server, tls: this.#trust, proxy: null }, { clock: this.#clock });
    this.#clients.set(host, client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
  }
}
