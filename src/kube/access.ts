import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeClient } from './client.ts';

/** One thing that a user may want to do. */
export interface AccessQuestion {
  readonly verb: string;
  /** The empty string is the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** null: cluster-scoped, or in all namespaces. */
  readonly namespace: string | null;
  /** Only the object of this name. */
  readonly name?: string;
}

export interface AccessAnswer {
  readonly allowed: boolean;
  /** Why, where the server says so. */
  readonly reason: string;
}

const REVIEW = '/apis/authorization.k8s.io/v1';

/** Asks the server whether this user may do something (SelfSubjectAccessReview). */
export async function mayI(
  client: Pick<KubeClient, 'postJson'>,
  question: AccessQuestion,
  signal: AbortSignal,
): Promise<AccessAnswer> {
  const { verb, group, resource, subresource = '', namespace, name = '' } = question;
  const resourceAttributes = { verb, group, resource, subresource, name, namespace: namespace ?? '' };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const answer = await client.postJson(`${REVIEW}/selfsubjectaccessreviews`, review, signal);
  const reasons = ['reason', 'evaluationError'].map((name) => textOf(path(answer, 'status', name)) ?? []);
  return { allowed: path(answer, 'status', 'allowed') === true, reason: reasons.flat().join('; ') };
}

/** What this user may do in a namespace: one request in place of one for each type. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
  /** The server could not list everything (an authorizer other than RBAC): what no rule allows may still be allowed. */
  readonly incomplete: boolean;
}

export interface AccessRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  /** `pods`, `pods/log`, `*`. */
  readonly resources: readonly string[];
  /** Empty: objects of any name. */
  readonly names: readonly string[];
}

/**
 * Asks the server for all that this user may do in a namespace (SelfSubjectRulesReview). It tells nothing reliable of
 * cluster-scoped types: ask for those with `mayI`.
 */
export async function reviewRules(
  client: Pick<KubeClient, 'postJson'>,
  namespace: string,
  signal: AbortSignal,
): Promise<AccessRules> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const answer = await client.postJson(`${REVIEW}/selfsubjectrulesreviews`, review, signal);
  const texts = (rule: unknown, name: string): readonly string[] =>
    listOf(field(rule, name)).flatMap((value) => (typeof value === 'string' ? value : []));
  return {
    rules: listOf(path(answer, 'status', 'resourceRules')).map((rule) => ({
      verbs: texts(rule, 'verbs'),
      groups: texts(rule, 'apiGroups'),
      resources: texts(rule, 'resources'),
      names: texts(rule, 'resourceNames'),
    })),
    incomplete: path(answer, 'status', 'incomplete') === true,
  };
}

/** What the rules of the question's namespace say; undefined where only `mayI` can tell. */
export function allowedBy(
  { rules, incomplete }: AccessRules,
  question: Omit<AccessQuestion, 'namespace'>,
): boolean | undefined {
  const isAllowed = rules.some((rule) => covers(rule, question));
  return isAllowed || !incomplete ? isAllowed : undefined;
}

/** The names to which a verb is limited; empty where it is not allowed at all, or for any name. */
export function namesAllowedBy(
  { rules }: AccessRules,
  question: Omit<AccessQuestion, 'namespace' | 'name'>,
): readonly string[] {
  if (rules.some((rule) => covers(rule, question))) return [];
  return [...new Set(rules.flatMap((rule) => rule.names.filter((name) => covers(rule, { ...question, name }))))];
}

/** RBAC's own rules of matching: `*`, and for subresources `pods/log`, `*` or a star before the slash. */
function covers(rule: AccessRule, question: Omit<AccessQuestion, 'namespace'>): boolean {
  const { verb, group, resource, subresource = '', name } = question;
  const wanted = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  const has = (granted: readonly string[], ...texts: readonly string[]): boolean =>
    granted.includes('*') || texts.some((text) => granted.includes(text));
  const isNamed = rule.names.length === 0 || (name !== undefined && rule.names.includes(name));
  return has(rule.verbs, verb) && has(rule.groups, group) && has(rule.resources, ...wanted) && isNamed;
}
