import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import type { KubeClient } from './client.ts';

/** Which cluster this is. */
export interface ClusterIdentity {
  /** `v1.37.2`; empty where the server does not say. */
  readonly version: string;
  /** The UID of kube-system, which lives as long as the cluster; null where the user may not read that. */
  readonly uid: string | null;
}

/** Asks for the server's version and the cluster's identity. */
export async function clusterIdentity(
  client: Pick<KubeClient, 'getJson'>,
  signal: AbortSignal,
): Promise<ClusterIdentity> {
  const [version, namespace] = await Promise.all([
    allowed(client.getJson('/version', signal)),
    allowed(client.getJson('/api/v1/namespaces/kube-system', signal)),
  ]);
  return {
    version: textOf(field(version, 'gitVersion')) ?? '',
    uid: textOf(path(namespace, 'metadata', 'uid')) ?? null,
  };
}

async function allowed(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FaroError && (error.code === 'forbidden' || error.code === 'not-found')) return undefined;
    throw error;
  }
}
