import type { Rule } from '../finding.ts';
import { crashFinding, endsBy } from './crash.ts';

/** An init container that fails: the pod's own containers never start. */
export const initContainer: Rule = {
  name: 'init-container',
  role: 'dependent',
  find: (facts) =>
    endsBy(facts, 'init-container').map((ends) => {
      const found = crashFinding(facts, ends);
      return { ...found, summary: `init ${found.summary}` };
    }),
};
