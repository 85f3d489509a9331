import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { coreOf } from '../text.ts';
import { hasStartedAfter, isPodOver } from '../wellness.ts';

/** Attempts after which it is no race any more: a network plugin may come up a moment after its node. */
const ATTEMPTS = 3;

/** A pod whose sandbox cannot be made: its network, or the runtime that it asks for, is not there. */
export const sandbox: Rule = {
  name: 'sandbox',
  role: 'own',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) => {
      const events = pod.events.filter(({ reason }) => reason === 'FailedCreatePodSandBox');
      const count = events.reduce((sum, event) => sum + event.count, 0);
      const hasRun = pod.runs.some(({ started }) => started !== undefined);
      const [first, last] = [events[0]?.moments[0], events.at(-1)?.moments.at(-1)];
      if (first === undefined || last === undefined || (hasRun && count < ATTEMPTS)) return [];
      return [
        {
          summary: `the sandbox of ${nameOf(pod)} cannot be made: ${coreOf(events[0]?.message ?? '')}`,
          object: pod.index,
          evidence: evidenceOf(first, last),
          onset: first,
          last,
          isOver: isPodOver(facts, pod),
          isPast: hasStartedAfter(pod, last),
          key: '',
        },
      ];
    }),
};
