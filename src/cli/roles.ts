import { stringify as toYaml } from 'yaml';
import { isNeverAskedFor, type Need } from '../record/needs.ts';

const API = 'rbac.authorization.k8s.io/v1';
const CLUSTER_COMMENT = `# What reaches beyond the namespace. The story of the workload is no less complete without it.
`;
/** Named, so that nobody has to wonder whether it is missing by mistake. */
const NEVER_COMMENT = `# Never asked for: "get nodes/proxy", with which faro reads logs whole across rotations, and proves them, but which also
# runs commands in every pod of a Node; and Secrets, whose metadata takes the same permission as their data.
`;

/** A Role for each namespace, and apart from it a ClusterRole, each bound to the user; YAML to be applied as it is. */
export function rolesFor(needs: readonly Need[], user: string | undefined): string {
  const asked = needs.filter((need) => !isNeverAskedFor(need));
  const [cluster, main] = [asked.filter(isBeyond), asked.filter((need) => !isBeyond(need))];
  const places = Map.groupBy(main, ({ namespace }) => namespace);
  const documents = [...places].flatMap(([namespace, own]) => withBinding('faro', namespace, own, user));
  const beyond = withBinding('faro-cluster', null, cluster, user);
  const texts = [...documents, ...beyond].map(stringify);
  if (beyond.length > 0) texts[documents.length] = `${CLUSTER_COMMENT}${texts[documents.length]}`;
  return `${texts.join('---\n')}${NEVER_COMMENT}`;
}

function stringify(document: object): string {
  return toYaml(document, { aliasDuplicateObjects: false });
}

function isBeyond({ tier }: Need): boolean {
  return tier === 'cluster';
}

function withBinding(
  name: string,
  namespace: string | null,
  needs: readonly Need[],
  user: string | undefined,
): object[] {
  const kind = namespace === null ? 'ClusterRole' : 'Role';
  const metadata = namespace === null ? { name } : { name, namespace };
  const role = { apiVersion: API, kind, metadata, rules: rulesOf(needs) };
  if (user === undefined) return [role];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  return [role, { apiVersion: API, kind: `${kind}Binding`, metadata, roleRef, subjects: [subjectOf(user)] }];
}

/** What shares group and verbs shares a rule. */
function rulesOf(needs: readonly Need[]): object[] {
  const alike = Map.groupBy(needs, ({ group, verbs, names }) => JSON.stringify([group, verbs, names]));
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const resources = same.map(({ resource, subresource }) =>
      subresource === undefined ? resource : `${resource}/${subresource}`,
    );
    const { group, verbs, names } = first;
    const limited = names === undefined ? {} : { resourceNames: names };
    return { apiGroups: [group], resources: [...new Set(resources)], ...limited, verbs };
  });
}

function subjectOf(user: string): object {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: 'ServiceAccount', namespace, name };
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user };
}
