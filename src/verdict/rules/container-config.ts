import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { coreOf } from '../text.ts';
import { hasStartedAfter, isPodOver } from '../wellness.ts';
import { missingIn } from './missing-config.ts';

const REASONS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreStartHookError',
  'PostStartHookError',
]);

/** A container that cannot be made as its spec asks, e.g. to run as root where it must not. */
export const containerConfig: Rule = {
  name: 'container-config',
  role: 'own',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) => {
      const waits = pod.waits.filter(({ reason, message }) => REASONS.has(reason) && missingIn(message) === undefined);
      const [wait] = waits;
      // A start that failed is told by the run that ended so.
      const isTold = pod.runs.some(({ name, ended }) => name === wait?.container && ended !== undefined);
      if (wait === undefined || isTold) return [];
      return [
        {
          summary: `container ${wait.container} of ${nameOf(pod)} cannot be made: ${coreOf(wait.message) || wait.reason}`,
          object: pod.index,
          evidence: evidenceOf(wait.from),
          onset: wait.from,
          last: wait.until ?? pod.last ?? wait.from,
          isOver: isPodOver(facts, pod),
          isPast: hasStartedAfter(pod, waits.at(-1)?.from ?? wait.from, wait.container),
          key: wait.container,
        },
      ];
    }),
};
