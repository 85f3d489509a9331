import { FaroError } from '../../model/errors.ts';
import type { LoadedKubeconfig } from './files.ts';
import type { ConnectionOptions } from './options.ts';
import { type Entry, emptyEntry, entryError, withFlags } from './place.ts';
import { type ClusterFields, type ContextFields, emptyCluster, emptyUser, type UserFields } from './schema.ts';

/** What the user chose among the entries, flags applied. */
export interface Selection {
  readonly contextName: string | null;
  readonly namespace: string | undefined;
  readonly cluster: Entry<ClusterFields>;
  readonly user: Entry<UserFields>;
  /** Why there is no cluster (or user) to speak of, to be thrown if nothing else names a server. */
  readonly noCluster: FaroError | undefined;
  readonly noUser: FaroError | undefined;
}

/** Chooses context, cluster and user by flags and current-context; throws where a flag's name leads nowhere. */
export function select(config: LoadedKubeconfig, options: ConnectionOptions): Selection {
  const context = contextOf(config, options);
  const cluster = named(config.clusters, { kind: 'cluster', flag: options.cluster, context });
  const user = named(config.users, { kind: 'user', flag: options.user, context });
  return {
    contextName: context?.name ?? null,
    namespace: options.namespace || context?.value.namespace,
    cluster: clusterWithFlags(cluster.entry ?? emptyEntry('cluster', emptyCluster), options),
    user: userWithFlags(user.entry ?? emptyEntry('user', emptyUser), options),
    noCluster: cluster.missing ?? (cluster.entry === undefined ? nothingNamed(config, context) : undefined),
    noUser: user.missing,
  };
}

function contextOf(config: LoadedKubeconfig, options: ConnectionOptions): Entry<ContextFields> | undefined {
  const name = options.context || config.currentContext?.name;
  if (name === undefined) return undefined;
  const context = config.contexts.get(name);
  if (context !== undefined) return context;
  const place = options.context ? '--context' : `${config.currentContext?.place}: current-context`;
  throw new FaroError('kubeconfig', `${place}: there is no context ${JSON.stringify(name)}`, {
    hint: `${existing('contexts', config.contexts)} Choose one with --context.`,
  });
}

interface Naming {
  readonly kind: 'cluster' | 'user';
  readonly flag: string | undefined;
  readonly context: Entry<ContextFields> | undefined;
}

/** The entry that a flag or the context names. A context's name may lead nowhere as long as flags tell enough. */
function named<T>(
  entries: ReadonlyMap<string, Entry<T>>,
  { kind, flag, context }: Naming,
): { entry?: Entry<T>; missing?: FaroError } {
  const name = flag || context?.value[kind];
  if (name === undefined) return {};
  const entry = entries.get(name);
  if (entry !== undefined) return { entry };
  const problem = `there is no ${kind} ${JSON.stringify(name)}`;
  const hint = existing(`${kind}s`, entries);
  if (flag) throw new FaroError('kubeconfig', `--${kind}: ${problem}`, { hint });
  return context === undefined ? {} : { missing: entryError(context, [kind], problem, hint) };
}

function existing(what: string, entries: ReadonlyMap<string, unknown>): string {
  const names = [...entries.keys()];
  return names.length === 0 ? `The kubeconfig has no ${what}.` : `The kubeconfig has the ${what} ${names.join(', ')}.`;
}

function nothingNamed(config: LoadedKubeconfig, context: Entry<ContextFields> | undefined): FaroError {
  if (context !== undefined)
    return entryError(context, [], 'it names no cluster', existing('clusters', config.clusters));
  const hint = 'Choose a context with --context, a file with --kubeconfig or KUBECONFIG, or a server with --server.';
  if (config.read.length === 0) {
    const where = config.missing.length === 0 ? 'KUBECONFIG names no file' : `${config.missing.join(', ')} not found`;
    return new FaroError('kubeconfig', `no cluster is named: ${where}, and this is no pod of a cluster`, { hint });
  }
  return new FaroError('kubeconfig', `no cluster is named: ${config.read.join(', ')} has no current-context`, {
    hint: `${existing('contexts', config.contexts)} ${hint}`,
  });
}

/** Puts the flags of a cluster over what an entry says. */
export function clusterWithFlags(cluster: Entry<ClusterFields>, options: ConnectionOptions): Entry<ClusterFields> {
  const { server, tlsServerName, certificateAuthority, insecureSkipTlsVerify, proxyUrl } = options;
  return withFlags(cluster, {
    ...(server ? { server } : {}),
    ...(proxyUrl ? { 'proxy-url': proxyUrl } : {}),
    // A name that belongs to the file's server does not belong to the flag's.
    ...(server || tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
    // Either flag says all there is to say about trust.
    ...(insecureSkipTlsVerify || certificateAuthority
      ? {
          'insecure-skip-tls-verify': insecureSkipTlsVerify === true,
          'certificate-authority': certificateAuthority || undefined,
          'certificate-authority-data': undefined,
        }
      : {}),
  });
}

/** Puts the flags of a user over what an entry says. */
export function userWithFlags(user: Entry<UserFields>, options: ConnectionOptions): Entry<UserFields> {
  const { token, clientCertificate, clientKey, as, asUid, asGroup, asUserExtra } = options;
  return withFlags(user, {
    // The flag is meant: a tokenFile of the kubeconfig must not win over it.
    ...(token ? { token, tokenFile: undefined } : {}),
    ...(clientCertificate ? { 'client-certificate': clientCertificate, 'client-certificate-data': undefined } : {}),
    ...(clientKey ? { 'client-key': clientKey, 'client-key-data': undefined } : {}),
    ...(as ? { as } : {}),
    ...(asUid ? { 'as-uid': asUid } : {}),
    ...(asGroup?.length ? { 'as-groups': [...asGroup] } : {}),
    ...(asUserExtra ? { 'as-user-extra': extraOf(user, asUserExtra) } : {}),
  });
}

function extraOf(
  user: Entry<UserFields>,
  flags: Readonly<Record<string, readonly string[]>>,
): Record<string, string[]> {
  const added = Object.entries(flags).map(([key, values]) => [key, [...values]]);
  return { ...user.value['as-user-extra'], ...Object.fromEntries(added) };
}
