import type { Connection } from '../kube/connection.ts';
import { pacedClock } from './clock.ts';
import { createIdentity, type ServerIdentity, SimulatedServer } from './server.ts';
import { ADMIN_TOKEN, SimulatedCluster, type SimulatedClusterOptions } from './simulated-cluster.ts';

/** A simulated cluster that speaks the real API over HTTPS: the demo's stage, and the tests' fault injector. */
export class DemoCluster extends SimulatedCluster {
  readonly #server: SimulatedServer;

  private constructor(options: SimulatedClusterOptions, identity: ServerIdentity) {
    super(options);
    this.#server = new SimulatedServer(this.api, identity);
  }

  static async start(options: SimulatedClusterOptions): Promise<DemoCluster> {
    const paced = { ...options, clock: pacedClock(options.clock) };
    const cluster = new DemoCluster(paced, await createIdentity());
    await cluster.#server.listen();
    return cluster;
  }

  get url(): URL {
    return this.#server.address.url;
  }

  /** A connection to it, as a kubeconfig would give; `token` for another user than the administrator. */
  connection(token = ADMIN_TOKEN): Connection {
    return {
      server: this.#server.address.url,
      tls: { ca: this.#server.address.ca, serverName: undefined, insecureSkipVerify: false },
      proxy: null,
      namespace: 'default',
      contextName: 'demo',
      impersonate: null,
      credentials: { get: async () => ({ token }), reject: () => false },
      warnings: [],
    };
  }

  /** A kubeconfig for it, for any client. */
  kubeconfig(): string {
    const { url, ca } = this.#server.address;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'demo',
          cluster: { server: url.origin, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
        },
      ],
      users: [{ name: 'demo', user: { token: ADMIN_TOKEN } }],
      contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo', namespace: 'shop' } }],
      'current-context': 'demo',
    });
  }

  /** Serves with another certificate of the same authority, and breaks every connection, as a restart for it does. */
  async renewCertificate(): Promise<void> {
    await this.#server.renewCertificate();
    this.breakConnections();
  }

  /** Breaks every connection, as a restart of the server does. */
  breakConnections(): void {
    this.api.server.breakConnections();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}
