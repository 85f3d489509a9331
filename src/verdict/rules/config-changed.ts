import { evidenceOf, type Rule } from '../finding.ts';
import { brief } from '../text.ts';

/** A ConfigMap or a Secret that changed: told where something that uses it failed just after. */
export const configChanged: Rule = {
  name: 'config-changed',
  role: 'trigger',
  find: (facts) =>
    facts.objects.flatMap(({ kind, name, index, changes }) =>
      changes.map((change, number) => ({
        summary: `${kind} ${brief(name, 253)} was ${change.isDeletion ? 'deleted' : 'changed'}${change.manager === undefined ? '' : ` by ${brief(change.manager, 60)}`} just before`,
        object: index,
        evidence: evidenceOf(change),
        onset: change,
        last: change,
        isOver: true,
        key: String(number),
      })),
    ),
};
