import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isHistory, isWell, workloadOf } from '../wellness.ts';

/** The kubelet's words for a pod that it does not take, though it was placed on its node. */
const REFUSALS =
  /^(?:OutOf\w+|NodeAffinity|NodePorts|UnexpectedAdmissionError|TopologyAffinityError|PodOSNotSupported|PodOSSelectorNodeLabelDoesNotMatch|SysctlForbidden|AppArmor|Forbidden\w*)$/;

/** A pod that its node refused. */
export const nodeRefused: Rule = {
  name: 'node-refused',
  role: 'own',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) => {
      const { ended } = pod;
      if (ended === undefined || !REFUSALS.test(ended.reason) || isHistory(facts, pod, ended)) return [];
      const workload = workloadOf(facts, pod.index);
      return [
        {
          summary: `${nameOf(pod)} was refused by its node (${ended.reason}): ${brief(ended.message)}`,
          object: pod.index,
          evidence: evidenceOf(ended),
          onset: ended,
          last: ended,
          isOver: workload !== pod && isWell(facts, workload),
          key: ended.reason,
        },
      ];
    }),
};
