import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { credential } from '../credentials.ts';
import { temporaryFolder } from '../folder.ts';
import type { TestNamespace } from './cluster.ts';

const folder = temporaryFolder('rbac');

/** A user of a kubeconfig. */
export type KubeconfigUser = Readonly<Record<string, unknown>>;

interface Kubeconfig {
  readonly clusters: { cluster: Record<string, unknown> & { server: string } }[];
  readonly users: { user: KubeconfigUser }[];
}

/** A kubeconfig of the test cluster for another user, on another way to it if one is given. */
export function kubeconfigOf(ns: TestNamespace, user: KubeconfigUser, server?: URL): string {
  if (typeof user.token === 'string') credential(user.token);
  const config = JSON.parse(readFileSync(ns.cluster.kubeconfig, 'utf8')) as Kubeconfig;
  for (const entry of config.users) entry.user = user;
  for (const { cluster } of server === undefined ? [] : config.clusters) {
    const { hostname } = new URL(cluster.server);
    if (isIP(hostname) === 0) cluster['tls-server-name'] = hostname;
    cluster.server = String(server);
  }
  const file = fileFor(ns, 'kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** The address in a namespace's kubeconfig. */
export function serverOf(ns: TestNamespace): URL {
  const config = JSON.parse(readFileSync(ns.cluster.kubeconfig, 'utf8')) as Kubeconfig;
  return new URL(config.clusters[0]?.cluster.server ?? '');
}

export function fileFor(ns: TestNamespace, name: string): string {
  return join(folder, `${ns.name}-${name}`);
}

/** A kubeconfig of a fresh service account, `recorder`, that may do nothing yet. */
export async function serviceAccount(ns: TestNamespace): Promise<string> {
  await ns.kubectl('create', 'serviceaccount', 'recorder');
  return kubeconfigOf(ns, { token: (await ns.kubectl('create', 'token', 'recorder')).trim() });
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const READ = ['get', 'list', 'watch'];

export function rule(group: string, resources: readonly string[], ...resourceNames: string[]): Rule {
  return { apiGroups: [group], resources, verbs: READ, ...(resourceNames.length === 0 ? {} : { resourceNames }) };
}

/** Gives the service account these rights in the namespace, in place of others. */
export async function grant(ns: TestNamespace, ...rules: readonly Rule[]): Promise<void> {
  const api = 'rbac.authorization.k8s.io';
  const metadata = { name: 'recorder' };
  await ns.apply({ apiVersion: `${api}/v1`, kind: 'Role', metadata, rules });
  await ns.apply({
    apiVersion: `${api}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: api, kind: 'Role', name: 'recorder' },
    subjects: [{ kind: 'ServiceAccount', name: 'recorder', namespace: ns.name }],
  });
}
