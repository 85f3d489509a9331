import { createClient, type KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/config/load.ts';
import type { Connection } from '../kube/connection.ts';
import { clusterIdentity, type Discovery, discover, parseTargets, resolveType } from '../kube/discovery.ts';
import { FaroError } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import type { RecordLog } from '../record/record-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { CommandContext } from './context.ts';
import type { ConnectionOptions } from './options.ts';

/** A connected client, what the server serves, and what the user named. */
export interface Session extends AsyncDisposable {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly roots: readonly Root[];
  /** The type of each root. */
  readonly types: readonly ResourceType[];
  readonly cluster: { readonly version: string; readonly uid: string | null; readonly server: string };
}

export interface SessionOptions {
  /** What the user named; or `roots`, as they were resolved before. */
  readonly targets?: readonly string[];
  readonly roots?: readonly Root[];
  readonly connection: Connection;
  /** Of the targets, where it is not the connection's own. */
  readonly namespace?: string | undefined;
  /** Roots that do not exist yet, and types that are not served yet, are waited for. */
  readonly wait?: boolean;
  /** Roots need not exist yet, but their types must be served: for a command that may create them. */
  readonly allowMissing?: boolean;
  readonly context: Pick<CommandContext, 'clock'>;
  readonly log: RecordLog;
}

/** How often a type that is not served yet is asked for. */
const TYPE_POLL_MS = 250;

/** Reads kubeconfig and environment; says aloud what the user should know of the connection. */
export async function connectionFor(
  options: ConnectionOptions,
  context: CommandContext,
  log: Log,
): Promise<Connection> {
  const { env, clock, isInteractive: interactive } = context;
  const connection = await loadConnection({ ...options, env, clock, interactive });
  for (const warning of connection.warnings) log.warn({}, warning);
  return connection;
}

/** Connects, discovers and checks the roots; every failure names the thing and the way out. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  const { connection, context, targets = [], wait = false, allowMissing = false, roots: known } = options;
  const client = createClient(connection, { clock: context.clock });
  try {
    const described = describeCluster(client, signal); // asks for nothing that is found out meanwhile
    described.catch(() => undefined); // told below, unless something else is before
    const named = known === undefined ? parseTargets(targets) : known.map(asNamed);
    const { discovery, types } = await resolveTypes(client, named, { ...options, wait }, signal);
    const namespace = options.namespace ?? connection.namespace;
    const roots = known ?? types.map((type, index) => rootOf(type, named[index]?.name ?? '', namespace));
    if (!wait && !allowMissing && known === undefined) await checkRoots(client, roots, types, signal);
    const cluster = await described;
    return { client, discovery, roots, types, cluster, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** A root whose version is not served any more is recorded in another one. */
function asNamed(root: Root): { readonly type: string; readonly name: string } {
  return { type: groupResourceOf(root), name: root.name };
}

async function resolveTypes(
  client: KubeClient,
  named: readonly { readonly type: string }[],
  { wait, context, log }: SessionOptions,
  signal: AbortSignal,
): Promise<{ discovery: Discovery; types: readonly ResourceType[] }> {
  for (let isWaiting = false; ; isWaiting = true) {
    const discovery = await discover(client, signal);
    for (const { groupVersion, message } of discovery.failures)
      log.warn({ groupVersion, error: message }, 'not discoverable');
    try {
      return { discovery, types: named.map(({ type }) => resolveType(discovery, type)) };
    } catch (error) {
      if (!wait || !(error instanceof FaroError) || error.code !== 'unknown-type') throw error;
      if (!isWaiting) log.info({}, `${error.message}; waiting for it`);
      await context.clock.sleep(TYPE_POLL_MS, signal);
    }
  }
}

function rootOf(type: ResourceType, name: string, namespace: string): Root {
  const { group, version, resource, kind } = type;
  return { group, version, resource, kind, namespace: type.namespaced ? namespace : null, name };
}

/** Throws FaroError `not-found` for the first root that does not exist, `forbidden` for one that may not be read. */
export async function checkRoots(
  client: KubeClient,
  roots: readonly Root[],
  types: readonly ResourceType[],
  signal: AbortSignal,
): Promise<void> {
  for (const [index, root] of roots.entries()) {
    const type = types[index];
    if (type === undefined) continue;
    try {
      await client.get(type, { namespace: root.namespace, name: root.name, metadataOnly: true }, signal);
    } catch (error) {
      if (!(error instanceof FaroError)) throw error;
      if (error.code === 'forbidden') throw refused(root, error);
      if (error.code !== 'not-found') throw error;
      throw await missing(client, root, error, signal);
    }
  }
}

function refused({ resource, name }: Root, cause: FaroError): FaroError {
  return new FaroError(cause.code, cause.message, {
    cause,
    hint: `"faro check ${resource}/${name}" with the same options says what this user may see, and prints the Role that it takes`,
  });
}

async function missing(client: KubeClient, root: Root, cause: FaroError, signal: AbortSignal): Promise<FaroError> {
  const { kind, name, namespace } = root;
  if (namespace === null)
    return new FaroError('not-found', `there is no ${kind} "${name}"`, {
      cause,
      hint: 'with --wait faro waits for it',
    });
  if (await isMissingNamespace(client, namespace, signal))
    return new FaroError('not-found', `there is no namespace "${namespace}"`, {
      cause,
      hint: 'name another one with -n; with --wait faro waits for the object and its namespace',
    });
  return new FaroError('not-found', `there is no ${kind} "${name}" in namespace "${namespace}"`, {
    cause,
    hint: 'check the name and -n; with --wait faro records from the moment it is created',
  });
}

async function isMissingNamespace(client: KubeClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.getJson(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, signal);
    return false;
  } catch (error) {
    // Whoever may not read namespaces learns only that the object is not there.
    return error instanceof FaroError && error.code === 'not-found';
  }
}

async function describeCluster(client: KubeClient, signal: AbortSignal): Promise<Session['cluster']> {
  const { version, uid } = await clusterIdentity(client, signal);
  return { version, uid, server: client.server };
}
