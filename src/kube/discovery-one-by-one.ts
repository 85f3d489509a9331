import { messageOf } from '../model/errors.ts';
import { field, listOf, textOf } from '../model/fields.ts';
import type { ResourceType } from '../model/resource.ts';
import type { KubeClient } from './client.ts';
import type { Discovery, DiscoveryFailure } from './discovery.ts';

/** Requests at once: a server of this kind is old, and may have a hundred groups. */
const AT_ONCE = 6;

/** The older form of discovery: one request for each group version. What fails is reported and left out. */
export async function discoverOneByOne(
  client: Pick<KubeClient, 'getJson'>,
  groupVersions: readonly string[],
  signal: AbortSignal,
): Promise<Discovery> {
  const failures: DiscoveryFailure[] = [];
  const found: (readonly ResourceType[])[] = groupVersions.map(() => []);
  const queue = groupVersions.entries();
  const work = async (): Promise<void> => {
    for (const [index, groupVersion] of queue) {
      try {
        const root = groupVersion.includes('/') ? '/apis' : '/api';
        found[index] = typesOf(await client.getJson(`${root}/${groupVersion}`, signal), groupVersion);
      } catch (error) {
        signal.throwIfAborted();
        failures.push({ groupVersion, message: messageOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { types: found.flat(), failures };
}

function typesOf(answer: unknown, groupVersion: string): readonly ResourceType[] {
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return listOf(field(answer, 'resources')).flatMap((resource) => {
    const name = text(field(resource, 'name'));
    if (name === '' || name.includes('/')) return []; // `pods/log` is a subresource
    const kind = text(field(resource, 'kind'));
    return {
      group,
      version,
      resource: name,
      kind,
      // Before 1.27 servers left it empty; kubectl takes the kind, then, too.
      singular: textOf(field(resource, 'singularName')) ?? kind.toLowerCase(),
      shortNames: listOf(field(resource, 'shortNames')).map(text),
      namespaced: field(resource, 'namespaced') === true,
      verbs: listOf(field(resource, 'verbs')).map(text),
    };
  });
}

function text(value: unknown): string {
  return textOf(value) ?? '';
}
