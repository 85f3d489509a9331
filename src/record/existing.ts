import type { KubeClient } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import { pagesOf } from '../watch/pages.ts';

const PAGE = 500;

/** Names and owners of every object of a type that is there now. Throws ApiError where the server refuses. */
export async function* listedObjects(
  client: Pick<KubeClient, 'list'>,
  { type, namespace }: { readonly type: ResourceType; readonly namespace: string | null },
  signal: AbortSignal,
): AsyncGenerator<KubeObject> {
  const options = { namespace, metadataOnly: true, placementOnly: true, limit: PAGE };
  for await (const page of pagesOf(client, { type, options }, signal)) yield* page.items;
}

/** The same, which ends early where the server refuses: a watch of it tells so. */
export async function* existingObjects(
  ...[client, of, signal]: Parameters<typeof listedObjects>
): AsyncGenerator<KubeObject> {
  try {
    yield* listedObjects(client, of, signal);
  } catch (error) {
    if (signal.aborted || error instanceof FaroError) return;
    throw error;
  }
}
