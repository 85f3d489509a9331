import { FaroError } from '../model/errors.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import type { Discovery } from './discovery.ts';
import { nearest } from './nearest.ts';

const MOST_CANDIDATES = 3;

/**
 * Finds the type that kubectl would take: `deployment`, `deploy`, `Deployment`, `deployments.apps`,
 * `deployments.v1.apps`, `widgets.example.com`. Of several, an exact name comes before a short one, then the core group,
 * then Kubernetes' own groups. Throws FaroError `ambiguous-type` or `unknown-type` with the candidates.
 */
export function resolveType(discovery: Discovery, name: string): ResourceType {
  const wanted = name.toLowerCase();
  const candidates = bestOf(discovery.types, wanted);
  const [first] = candidates;
  if (first === undefined) throw unknownType(discovery, name);
  const storages = [...new Set(candidates.map(groupResourceOf))];
  if (storages.length === 1) return first;
  throw new FaroError('ambiguous-type', `"${name}" may mean ${storages.join(', ')}`, {
    hint: `say which, e.g. ${storages[0]}/NAME`,
  });
}

/** The types of the best rank, the preferred version of each resource first. */
function bestOf(types: readonly ResourceType[], wanted: string): readonly ResourceType[] {
  const ranked = types.flatMap((type) => {
    const match = matchOf(type, wanted);
    return match === undefined ? [] : [{ type, rank: match * 10 + groupRank(type.group) }];
  });
  const best = Math.min(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ type }) => type);
}

/** 0 for the plural, singular or kind, 1 for a short name, bare or with group (and version); undefined for neither. */
function matchOf(type: ResourceType, wanted: string): 0 | 1 | undefined {
  const { group, version, resource, singular, kind, shortNames } = type;
  // `pods.v1.` is how kubectl writes a version of the core group; the dot at the end is easily forgotten.
  const suffixes = group === '' ? ['', `.${version}`, `.${version}.`] : ['', `.${group}`, `.${version}.${group}`];
  const fits = (names: readonly string[]): boolean =>
    names.some((name) => name !== '' && suffixes.some((suffix) => wanted === `${name}${suffix}`.toLowerCase()));
  if (fits([resource, singular, kind])) return 0;
  return fits(shortNames) ? 1 : undefined;
}

/** The group of a custom resource must hold a dot, and `k8s.io` needs the Kubernetes project's approval. */
function groupRank(group: string): number {
  if (group === '') return 0;
  return !group.includes('.') || group.endsWith('.k8s.io') ? 1 : 2;
}

function unknownType(discovery: Discovery, name: string): FaroError {
  const near = candidatesFor(discovery.types, name.toLowerCase());
  const silent = discovery.failures.map(({ groupVersion }) => groupVersion).join(', ');
  const unseen = silent === '' ? '' : ` (these groups did not say what they serve: ${silent})`;
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : '"kubectl api-resources" lists the types; with --wait faro waits for a type that is yet to come';
  return new FaroError('unknown-type', `the server has no type "${name}"${unseen}`, { hint });
}

/** The same name in other groups or versions, else names that look like it. */
function candidatesFor(types: readonly ResourceType[], wanted: string): readonly string[] {
  const [bare = ''] = wanted.split('.');
  const elsewhere = types.filter((type) => bare !== wanted && matchOf(type, bare) !== undefined).map(fullName);
  if (elsewhere.length > 0) return elsewhere.slice(0, MOST_CANDIDATES);
  return nearest(
    wanted,
    types.flatMap((type) => [type.resource, groupResourceOf(type), type.singular]),
  );
}

function fullName({ group, version, resource }: ResourceType): string {
  return group === '' ? resource : `${resource}.${version}.${group}`;
}
