import type { FaroError } from '../../model/errors.ts';
import type { ExecCluster } from '../auth/exec-info.ts';
import { fixedCredentials } from '../auth/sources.ts';
import { type UserCredentials, userCredentials } from '../auth/user.ts';
import type { Connection } from '../connection.ts';
import { loadKubeconfig } from './files.ts';
import { impersonationOf } from './impersonation.ts';
import { findPod, type Pod } from './in-cluster.ts';
import type { ConnectionOptions } from './options.ts';
import { type Entry, entryError, entryName } from './place.ts';
import { parseProxyUrl, proxyFromEnvironment } from './proxy.ts';
import type { ClusterFields, UserFields } from './schema.ts';
import { clusterWithFlags, type Selection, select, userWithFlags } from './select.ts';
import { serverUrl } from './server.ts';
import { clusterTrust, Trust } from './trust.ts';

/** The server and user that were chosen, with a server for certain. */
interface Target extends Pick<Selection, 'contextName' | 'cluster' | 'user' | 'noUser'> {
  readonly server: string;
  readonly namespace: string;
  readonly warnings: readonly string[];
}

/**
 * Finds the API server and the user as kubectl would: flags, then kubeconfigs, then the pod that this runs in.
 * Reads and checks every file that is needed, runs no exec plugin and sends nothing. Throws FaroError `kubeconfig`.
 */
export async function loadConnection(options: ConnectionOptions): Promise<Connection> {
  const config = await loadKubeconfig(options.kubeconfig, options.env);
  const target = targetOf(select(config, options), await findPod(options), options);
  const { cluster, user, contextName, namespace } = target;
  const server = serverUrl(cluster, target.server);
  const isSecure = server.protocol === 'https:';
  const trust = isSecure ? await clusterTrust(cluster) : new Trust({});
  const { credentials, warnings } = isSecure ? await sentCredentials(target, trust, options) : unsentCredentials(user);
  return {
    server,
    tls: trust,
    proxy: proxyOf(cluster, server, options.env),
    namespace,
    contextName,
    impersonate: impersonationOf(user),
    credentials,
    warnings: [...target.warnings, ...tlsWarnings(cluster, server), ...warnings],
    rereadTrust: (signal) => trust.reread(signal),
  };
}

function targetOf(selection: Selection, pod: Pod | undefined, options: ConnectionOptions): Target {
  const { cluster, user, noCluster, noUser } = selection;
  const namespace = selection.namespace || pod?.namespace || 'default';
  const server = cluster.value.server ?? (pod === undefined ? options.env.KUBERNETES_MASTER || undefined : undefined);
  if (server !== undefined) {
    return { ...selection, noUser: hasFlagCredentials(options) ? undefined : noUser, namespace, server, warnings: [] };
  }
  const reason = noCluster ?? noServer(cluster);
  if (pod?.cluster.value.server === undefined) throw reason;
  // kubectl goes there without a word, even from a context whose cluster does not exist.
  const surprise = selection.contextName === null ? [] : [`${reason.message}; connecting to the cluster of this pod`];
  return {
    contextName: null,
    noUser: undefined,
    namespace,
    server: pod.cluster.value.server,
    cluster: clusterWithFlags(pod.cluster, options),
    user: userWithFlags({ ...pod.user, value: { ...pod.user.value, ...impersonationFields(user.value) } }, options),
    warnings: [...pod.warnings, ...surprise],
  };
}

function impersonationFields(user: UserFields): Partial<UserFields> {
  const { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = user;
  return { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra };
}

function hasFlagCredentials({ token, clientCertificate }: ConnectionOptions): boolean {
  return Boolean(token || clientCertificate);
}

function noServer(cluster: Entry<ClusterFields>): FaroError {
  const hint = 'Give the cluster a server, as https://HOST:PORT, or pass --server.';
  return entryError(cluster, [], 'it names no server', hint);
}

function proxyOf(cluster: Entry<ClusterFields>, server: URL, env: NodeJS.ProcessEnv): URL | null {
  const text = cluster.value['proxy-url'];
  if (text === undefined) return proxyFromEnvironment(server, env);
  const proxy = parseProxyUrl(text);
  if (proxy !== undefined) return proxy;
  throw entryError(
    cluster,
    ['proxy-url'],
    'proxy-url is no http, https or socks5 URL',
    'Write it as http://HOST:PORT.',
  );
}

function tlsWarnings(cluster: Entry<ClusterFields>, server: URL): string[] {
  if (server.protocol !== 'https:' || !cluster.value['insecure-skip-tls-verify']) return [];
  const place = cluster.at('insecure-skip-tls-verify');
  return [
    `${place}: the certificate of ${server.host} is not verified (insecure-skip-tls-verify): anyone may answer for it`,
  ];
}

function sentCredentials(target: Target, trust: Trust, options: ConnectionOptions): Promise<UserCredentials> {
  if (target.noUser !== undefined) throw target.noUser;
  const { env, clock, interactive, pluginStderr: stderr } = options;
  return userCredentials(target.user, { env, clock, interactive, stderr, cluster: () => execCluster(target, trust) });
}

/** kubectl sends no credentials without TLS; neither does Faro. */
function unsentCredentials(user: Entry<UserFields>): UserCredentials {
  const { token, tokenFile, exec, username, 'client-certificate': file, 'client-certificate-data': data } = user.value;
  const has = [token, tokenFile, exec, username, file, data].some((field) => field !== undefined && field !== null);
  const warning = `${user.at()}: ${entryName(user)}: the server is reached without TLS, so no credentials are sent`;
  return { credentials: fixedCredentials({}), warnings: has ? [warning] : [] };
}

function execCluster({ cluster, server }: Target, trust: Trust): ExecCluster {
  const { value } = cluster;
  return {
    server: server.replace(/[?#].*$/, ''),
    tlsServerName: trust.serverName,
    insecureSkipTlsVerify: trust.insecureSkipVerify,
    certificateAuthority: trust.given,
    proxyUrl: value['proxy-url'],
    disableCompression: value['disable-compression'],
    config: value.extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
}
