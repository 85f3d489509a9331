/** How the server is recognised. */
export interface ServerTrust {
  /**
   * The certificate authorities, PEM; undefined = Node's system or bundled roots. What was read last: where the
   * authority stands in a file, `rereadTrust` may change it.
   */
  readonly ca: string | undefined;
  /** The name to ask for (SNI) and to verify, where it is not the server URL's host. */
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
}

/** The user to act as, in the `Impersonate-*` headers. */
export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid: string | undefined;
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Everything the transport needs to reach one API server as one user. */
export interface Connection {
  /** Scheme, host, port and, where the server lives under one, a path. */
  readonly server: URL;
  readonly tls: ServerTrust;
  /** http:, https: or socks5: proxy from proxy-url or the environment (HTTPS_PROXY/NO_PROXY), null for none. */
  readonly proxy: URL | null;
  /** Namespace of the context, 'default' where it names none; in-cluster: the pod's own. */
  readonly namespace: string;
  /** null in-cluster, and where flags alone name the server. */
  readonly contextName: string | null;
  readonly impersonate: Impersonation | null;
  readonly credentials: CredentialSource;
  /** Things the user should hear once, e.g. that TLS verification is off. */
  readonly warnings: readonly string[];
  /**
   * Reads the certificate authority's file again, if it stands in one: for a new connection, or after the server's
   * certificate was not trusted. True if `tls.ca` is another one now. A file that cannot be read leaves the last.
   */
  readonly rereadTrust?: (signal: AbortSignal) => Promise<boolean>;
}

/** What proves who the user is; both may be present, and neither (an anonymous user). */
export interface Credentials {
  readonly token?: string;
  /** PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
}

/** Where credentials come from: fixed ones, a file, an exec plugin. */
export interface CredentialSource {
  /** Current credentials: cached until they expire, one fetch at a time. */
  get(signal: AbortSignal): Promise<Credentials>;
  /** After a 401 to `rejected`: forget them. True if asking again may give other ones. */
  reject(rejected: Credentials): boolean;
}

export { loadConnection } from './config/load.ts';
export type { ConnectionOptions } from './config/options.ts';
