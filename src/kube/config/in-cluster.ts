import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from './options.ts';
import { type Entry, emptyEntry } from './place.ts';
import { readBytes } from './read.ts';
import { type ClusterFields, emptyCluster, emptyUser, type UserFields } from './schema.ts';
import { bundleOf } from './trust.ts';

/** Where the kubelet puts a pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster that this process runs in, as a pod, and its service account, in the words of a kubeconfig. */
export interface Pod {
  readonly cluster: Entry<ClusterFields>;
  readonly user: Entry<UserFields>;
  readonly namespace: string;
  readonly warnings: readonly string[];
}

type Surroundings = Pick<ConnectionOptions, 'env' | 'serviceAccount'>;

/** Finds out whether this is a pod with a service account, and if so which server and user that means. */
export async function findPod({
  env,
  serviceAccount: folder = SERVICE_ACCOUNT,
}: Surroundings): Promise<Pod | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  const tokenFile = join(folder, 'token');
  if (!host || !port || !(await isThere(tokenFile))) return undefined;
  const authority = join(folder, 'ca.crt');
  const trusted = await readBytes(authority).then(bundleOf, () => undefined);
  const cluster = {
    ...emptyCluster,
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    'certificate-authority': trusted && authority,
  };
  const lost = `${authority} holds no certificate that can be read: the system's roots are used instead`;
  return {
    cluster: { ...emptyEntry('cluster', cluster), at: () => 'in-cluster' },
    user: { ...emptyEntry('user', { ...emptyUser, tokenFile }), at: () => 'in-cluster' },
    namespace: env.POD_NAMESPACE || (await textOf(join(folder, 'namespace'))) || 'default',
    warnings: trusted === undefined ? [lost] : [],
  };
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
