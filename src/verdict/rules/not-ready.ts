import { completionOf, readinessOf } from '../../graph/readiness.ts';
import { evidenceOf, nameOf, type Rule } from '../finding.ts';
import { brief } from '../text.ts';

/** A target that failed by its own word, or that did not become what was waited for: told where nothing says why. */
export const notReady: Rule = {
  name: 'not-ready',
  role: 'symptom',
  find: (facts) =>
    facts.roots.flatMap((index) => {
      const object = facts.objects[index];
      const state = object?.living;
      if (object === undefined || state === undefined || object.last === undefined || object.deleted !== undefined)
        return [];
      const { state: readiness, reason } = readinessOf(state);
      const isMissed = facts.ended === 'timeout' || facts.ended.endsWith(' failed');
      const isFailed = readiness === 'failed' || completionOf(state).state === 'failed';
      if (!isFailed && (readiness === 'ready' || !isMissed)) return [];
      const summary = `${nameOf(object)} is not ready: ${brief(reason, 200)}`;
      const evidence = evidenceOf(object.last);
      return [{ summary, object: index, evidence, onset: object.last, last: object.last, isOver: false, key: '' }];
    }),
};
