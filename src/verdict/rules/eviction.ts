import type { Moment, ObjectFacts } from '../facts.ts';
import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isHistory, isWell, workloadOf } from '../wellness.ts';

/** A pod that was taken from its node: by a kubelet short of something, a drain, a taint, the scheduler. */
export const eviction: Rule = {
  name: 'eviction',
  role: 'own',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) => {
      const found = evictionOf(pod);
      if (found === undefined || isHistory(facts, pod, found.at)) return [];
      const { at, reason, message } = found;
      const workload = workloadOf(facts, pod.index);
      return [
        {
          summary: `${nameOf(pod)} was evicted (${reason})${message === '' ? '' : `: ${brief(message, 160)}`}`,
          object: pod.index,
          evidence: evidenceOf(at, pod.deleted),
          onset: at,
          last: pod.deleted ?? at,
          isOver: workload !== pod && isWell(facts, workload),
          key: reason,
        },
      ];
    }),
};

function evictionOf(
  pod: ObjectFacts,
): { readonly at: Moment; readonly reason: string; readonly message: string } | undefined {
  const span = pod.conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (span !== undefined) return { at: span.from, reason: span.reason, message: span.message };
  const { ended } = pod;
  if (ended === undefined || !['Evicted', 'Preempting', 'NodeShutdown', 'Terminated'].includes(ended.reason))
    return undefined;
  return { at: ended, reason: ended.reason, message: ended.message };
}
