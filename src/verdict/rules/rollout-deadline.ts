import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isWell } from '../wellness.ts';

/** A Deployment that made no progress for as long as it may. */
export const rolloutDeadline: Rule = {
  name: 'rollout-deadline',
  role: 'symptom',
  find: (facts) =>
    ofKind(facts, 'Deployment').flatMap((deployment) => {
      const span = deployment.conditions.find(
        ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
      );
      if (span === undefined) return [];
      return [
        {
          summary: `the rollout of ${nameOf(deployment)} is past its deadline: ${brief(span.message, 160)}`,
          object: deployment.index,
          evidence: evidenceOf(span.from),
          onset: span.from,
          last: span.until ?? deployment.last ?? span.from,
          isOver: isWell(facts, deployment),
          key: '',
        },
      ];
    }),
};
