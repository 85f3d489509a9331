import { type AccessRules, namesAllowedBy, reviewRules } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import type { ResourceType } from '../model/resource.ts';

/** Objects of one type that are watched by their names at most. */
const MOST = 100;

/** Looks up which objects the user may list by name only; one request for each namespace. */
export class AllowedNames {
  readonly #client: Pick<KubeClient, 'postJson'>;
  readonly #signal: AbortSignal;
  readonly #rules = new Map<string, Promise<AccessRules>>();

  constructor(client: Pick<KubeClient, 'postJson'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async of({ group, resource }: ResourceType, namespace: string): Promise<readonly string[]> {
    const rules = this.#rules.get(namespace) ?? this.#ask(namespace);
    this.#rules.set(namespace, rules);
    return namesAllowedBy(await rules, { verb: 'list', group, resource }).slice(0, MOST);
  }

  async #ask(namespace: string): Promise<AccessRules> {
    try {
      return await reviewRules(this.#client, namespace, this.#signal);
    } catch (error) {
      // Whoever may not ask gets what the refusals themselves say: nothing of these types.
      if (error instanceof FaroError || this.#signal.aborted) return { rules: [], incomplete: true };
      throw error;
    }
  }
}
