import type { ExecPlugin } from './exec-plugin.ts';

/** What a plugin may learn of the cluster, under `provideClusterInfo`. */
export interface ExecCluster {
  readonly server: string;
  readonly tlsServerName: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly certificateAuthority: Buffer | undefined;
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean;
  /** The cluster's extension `client.authentication.k8s.io/exec`, whatever it holds. */
  readonly config: unknown;
}

/** The text of KUBERNETES_EXEC_INFO: an ExecCredential without a status. */
export function execInfo(plugin: ExecPlugin, cluster: ExecCluster, interactive: boolean): string {
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: plugin.provideClusterInfo ? { cluster: clusterInfo(cluster), interactive } : { interactive },
  });
}

/** Fields are left out where Go would leave them out; `config` is null, not absent. */
function clusterInfo(cluster: ExecCluster): Record<string, unknown> {
  return {
    server: cluster.server,
    ...(cluster.tlsServerName ? { 'tls-server-name': cluster.tlsServerName } : {}),
    ...(cluster.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(cluster.certificateAuthority
      ? { 'certificate-authority-data': cluster.certificateAuthority.toString('base64') }
      : {}),
    ...(cluster.proxyUrl ? { 'proxy-url': cluster.proxyUrl } : {}),
    ...(cluster.disableCompression ? { 'disable-compression': true } : {}),
    config: cluster.config ?? null,
  };
}
