import { path, textOf } from '../../model/fields.ts';
import { specOf } from '../ends.ts';
import { evidenceOf, nameOf, type Rule } from '../finding.ts';
import { areEndsOver, endsBy, spanOf } from './crash.ts';

/** A container that the kernel killed because it took more memory than it may. */
export const outOfMemory: Rule = {
  name: 'out-of-memory',
  role: 'own',
  find: (facts) =>
    endsBy(facts, 'out-of-memory').map((ends) => {
      const [{ pod, run }] = ends;
      const limit = textOf(path(specOf(pod, run.name), 'resources', 'limits', 'memory'));
      const newest = ends.at(-1)?.run ?? run;
      return {
        summary: `container ${run.name} of ${nameOf(pod)} is killed for want of memory${limit === undefined ? ', without a limit of its own' : ` at its limit of ${limit}`}${ends.length > 1 ? `, ${ends.length} times` : ''}`,
        object: pod.index,
        container: newest.index,
        evidence: evidenceOf(...ends.slice(-3).map(({ at }) => at)),
        ...spanOf(ends),
        isOver: areEndsOver(facts, ends),
        key: run.name,
        lines: newest.lines.map(({ text }) => text),
      };
    }),
};
