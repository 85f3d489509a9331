import type { KubeClient, ListPage } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import { Pages } from '../watch/pages.ts';

const PAGE = 500;

/** The metadata of every object of a type that is there now. Ends early where the server refuses: a watch of it tells so. */
export async function* existingObjects(
  client: KubeClient,
  { type, namespace }: { readonly type: ResourceType; readonly namespace: string | null },
  signal: AbortSignal,
): AsyncGenerator<KubeObject> {
  const pages = new Pages(type);
  let page: ListPage | undefined;
  do {
    const position = page?.continue === undefined ? {} : { continue: page.continue };
    try {
      page = await client.list(type, { namespace, metadataOnly: true, limit: PAGE, ...position }, signal);
      pages.take(page);
    } catch (error) {
      if (signal.aborted || error instanceof FaroError) return;
      throw error;
    }
    yield* page.items;
  } while (page.continue !== undefined && page.continue !== '');
}
