import { FaroError, messageOf } from '../model/errors.ts';
import { field, listOf, textOf } from '../model/fields.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import type { KubeClient } from './client.ts';

/** What the server serves. */
export interface Discovery {
  /** Every version of every type, without subresources; of one resource the preferred version comes first. */
  readonly types: readonly ResourceType[];
  /** Groups that could not be asked, e.g. of an aggregated API server that is down. */
  readonly failures: readonly { readonly groupVersion: string; readonly message: string }[];
}

const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');
/** Groups that are asked at once where the server has no aggregated discovery. */
const AT_ONCE = 6;

/** Asks the server for its types: in two requests where it aggregates them, one for each group version otherwise. */
export async function discover(client: KubeClient, signal: AbortSignal): Promise<Discovery> {
  const answers = await Promise.all(['/api', '/apis'].map((path) => client.getJson(path, signal, AGGREGATED)));
  const types: ResourceType[] = [];
  const failures: { groupVersion: string; message: string }[] = [];
  const legacy: string[] = [];
  for (const [index, answer] of answers.entries()) {
    if (field(answer, 'kind') === 'APIGroupDiscoveryList') readAggregated(answer, types, failures);
    else legacy.push(...(index === 0 ? coreVersions(answer) : groupVersions(answer)));
  }
  await readLegacy(client, legacy, { types, failures }, signal);
  return { types, failures };
}

function readAggregated(
  answer: unknown,
  types: ResourceType[],
  failures: { groupVersion: string; message: string }[],
): void {
  for (const item of listOf(field(answer, 'items'))) {
    const group = text(field(field(item, 'metadata'), 'name'));
    for (const entry of listOf(field(item, 'versions'))) {
      const version = text(field(entry, 'version'));
      if (field(entry, 'freshness') === 'Stale')
        failures.push({ groupVersion: `${group}/${version}`, message: 'the API server behind it does not answer' });
      for (const resource of listOf(field(entry, 'resources'))) types.push(aggregatedType(resource, group, version));
    }
  }
}

function aggregatedType(resource: unknown, group: string, version: string): ResourceType {
  const kind = field(resource, 'responseKind');
  return {
    group,
    version,
    resource: text(field(resource, 'resource')),
    kind: text(field(kind, 'kind')),
    singular: text(field(resource, 'singularResource')),
    shortNames: listOf(field(resource, 'shortNames')).map(text),
    namespaced: field(resource, 'scope') === 'Namespaced',
    verbs: listOf(field(resource, 'verbs')).map(text),
  };
}

function coreVersions(answer: unknown): string[] {
  return listOf(field(answer, 'versions')).map(text);
}

/** `apps/v1`, the preferred version of each group first. */
function groupVersions(answer: unknown): string[] {
  return listOf(field(answer, 'groups')).flatMap((group) => {
    const preferred = text(field(field(group, 'preferredVersion'), 'groupVersion'));
    const all = listOf(field(group, 'versions')).map((version) => text(field(version, 'groupVersion')));
    return [preferred, ...all.filter((version) => version !== preferred)];
  });
}

async function readLegacy(
  client: KubeClient,
  versions: readonly string[],
  into: { types: ResourceType[]; failures: { groupVersion: string; message: string }[] },
  signal: AbortSignal,
): Promise<void> {
  const read = async (groupVersion: string): Promise<readonly ResourceType[]> => {
    try {
      const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
      return legacyTypes(await client.getJson(path, signal), groupVersion);
    } catch (error) {
      signal.throwIfAborted();
      into.failures.push({ groupVersion, message: messageOf(error) });
      return [];
    }
  };
  for (let at = 0; at < versions.length; at += AT_ONCE)
    into.types.push(...(await Promise.all(versions.slice(at, at + AT_ONCE).map(read))).flat());
}

function legacyTypes(answer: unknown, groupVersion: string): ResourceType[] {
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return listOf(field(answer, 'resources'))
    .filter((resource) => !text(field(resource, 'name')).includes('/'))
    .map((resource) => ({
      group,
      version,
      resource: text(field(resource, 'name')),
      kind: text(field(resource, 'kind')),
      singular: text(field(resource, 'singularName')),
      shortNames: listOf(field(resource, 'shortNames')).map(text),
      namespaced: field(resource, 'namespaced') === true,
      verbs: listOf(field(resource, 'verbs')).map(text),
    }));
}

function text(value: unknown): string {
  return textOf(value) ?? '';
}

/** An object as the user names it. */
export interface Target {
  readonly type: string;
  readonly name: string;
}

/** Reads `deployment/web sts/db`, or kubectl's `deployment web api`. */
export function parseTargets(args: readonly string[]): readonly Target[] {
  const [type, ...names] = args;
  const isSplit =
    type !== undefined && !type.includes('/') && names.length > 0 && names.every((name) => !name.includes('/'));
  if (isSplit) return names.map((name) => ({ type, name }));
  return args.map((arg) => {
    const [kind = '', name = '', ...rest] = arg.split('/');
    if (kind !== '' && name !== '' && rest.length === 0) return { type: kind, name };
    const hint = 'name it as TYPE/NAME, e.g. deployment/web, pod/db-0 or widgets.example.com/w1';
    throw new FaroError('usage', `"${arg}" names no object`, { hint });
  });
}

/** Finds the type that kubectl would take: `deploy`, `deployments.apps`, `Deployment.v1.apps`, `widgets.example.com`. */
export function resolveType(discovery: Discovery, name: string): ResourceType {
  const wanted = name.toLowerCase();
  const matches = discovery.types.filter((type) => namesOf(type).includes(wanted));
  const storages = new Set(matches.map(groupResourceOf));
  // kubectl takes the core group, then an exact resource name, before short names of other groups.
  const best = matches.find((type) => type.group === '') ?? (storages.size === 1 ? matches[0] : undefined);
  if (best !== undefined) return best;
  if (matches.length > 0) {
    const candidates = [...storages].join(', ');
    throw new FaroError('ambiguous-type', `"${name}" may mean ${candidates}`, {
      hint: `name one of them, e.g. ${[...storages][0]}/NAME`,
    });
  }
  throw new FaroError('unknown-type', `the server has no type "${name}"`, { hint: suggestion(discovery, wanted) });
}

function namesOf({ group, version, resource, singular, kind, shortNames }: ResourceType): readonly string[] {
  const names = [...new Set([resource, singular, kind.toLowerCase(), ...shortNames])].filter((name) => name !== '');
  const qualified = group === '' ? [] : names.flatMap((name) => [`${name}.${group}`, `${name}.${version}.${group}`]);
  return [...names, ...qualified, ...(group === '' ? names.map((name) => `${name}.${version}.`) : [])];
}

function suggestion(discovery: Discovery, wanted: string): string {
  const names = [...new Set(discovery.types.flatMap((type) => [type.resource, groupResourceOf(type)]))];
  const [bare = wanted] = wanted.split('.');
  const near = names
    .map((name) => ({ name, distance: Math.min(editDistance(name, wanted), editDistance(name, `${bare}s`)) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(bare.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  return '"kubectl api-resources" lists the types; with --wait faro waits for a type that is yet to come';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The cluster's version, and its identity: the UID of kube-system, null where the user may not read that. */
export async function clusterIdentity(
  client: KubeClient,
  signal: AbortSignal,
): Promise<{ version: string; uid: string | null }> {
  const version = text(field(await client.getJson('/version', signal), 'gitVersion'));
  try {
    const namespace = await client.getJson('/api/v1/namespaces/kube-system', signal);
    return { version, uid: text(field(field(namespace, 'metadata'), 'uid')) || null };
  } catch (error) {
    if (error instanceof FaroError && (error.code === 'forbidden' || error.code === 'not-found'))
      return { version, uid: null };
    throw error;
  }
}
