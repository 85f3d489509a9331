import type { StoryObject } from './document.ts';
import type { Survey } from './survey.ts';

/** What an object that explains others does to which of them; undefined for what the story owns. */
export function relationsOf({ relations, members }: Survey, uid: string): StoryObject['related'] {
  const own = relations.get(uid);
  if (own === undefined) return undefined;
  return [...own].map(([how, uids]) => ({
    how,
    to: [...uids].flatMap((to) => members.get(to) ?? []).sort((a, b) => a - b),
  }));
}

/** Indexes of the roots that an object belongs to, or whose objects it explains, by however many steps. */
export function rootsOf(survey: Survey, uid: string): number[] {
  const roots = new Set<number>();
  const seen = new Set([uid]);
  for (const one of seen) {
    for (const root of survey.scope.rootsOf(one)) roots.add(root);
    for (const uids of survey.relations.get(one)?.values() ?? []) for (const to of uids) seen.add(to);
  }
  return [...roots].sort((a, b) => a - b);
}
