import { FaroError } from '../model/errors.ts';
import { path, textOf } from '../model/fields.ts';
import type { KubeClient } from './client.ts';

/** The name of the user that the server sees (SelfSubjectReview); undefined where it does not tell. */
export async function whoAmI(client: Pick<KubeClient, 'postJson'>, signal: AbortSignal): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  try {
    const answer = await client.postJson('/apis/authentication.k8s.io/v1/selfsubjectreviews', review, signal);
    return textOf(path(answer, 'status', 'userInfo', 'username'));
  } catch (error) {
    // Served since Kubernetes 1.28, and to be forbidden as anything else.
    if (error instanceof FaroError && (error.code === 'not-found' || error.code === 'forbidden')) return undefined;
    throw error;
  }
}
