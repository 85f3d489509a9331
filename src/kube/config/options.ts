import type { Writable } from 'node:stream';
import type { Clock } from '../../model/time.ts';

/** How to find a server and a user: flags (named as kubectl names them), environment, clock. */
export interface ConnectionOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly proxyUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly as?: string | undefined;
  readonly asUid?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  readonly asUserExtra?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Whether standard input is a terminal that an exec plugin may ask on. */
  readonly interactive: boolean;
  /** Where an exec plugin's standard error goes; without it, to Faro's own, terminal and all. */
  readonly pluginStderr?: Writable | undefined;
  /** The folder of a pod's service account; only tests have another one. */
  readonly serviceAccount?: string | undefined;
}
