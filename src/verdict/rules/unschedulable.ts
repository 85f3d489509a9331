import { secondsBetween } from '../facts.ts';
import { evidenceOf, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isPodOver } from '../wellness.ts';

/** A scheduler tries again within this when something changes; less is no fault. */
const PATIENCE_SECONDS = 5;

/** A pod for which no node can be found. */
export const unschedulable: Rule = {
  name: 'unschedulable',
  role: 'own',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) => {
      const span = pod.conditions.find(
        ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
      );
      if (span === undefined) return [];
      const end = span.until ?? pod.deletionRequested ?? pod.deleted;
      if (end !== undefined && secondsBetween(span.from.time, end.time) < PATIENCE_SECONDS) return [];
      const event = pod.events.find(({ reason }) => reason === 'FailedScheduling');
      return [
        {
          summary: `${nameOf(pod)} cannot be scheduled: ${why(span.message || event?.message || 'no reason was given')}`,
          object: pod.index,
          evidence: evidenceOf(span.from, event?.moments[0]),
          onset: span.from,
          last: end ?? pod.last ?? span.from,
          isOver: isPodOver(facts, pod),
          isPast: pod.conditions.findLast(({ type }) => type === 'PodScheduled')?.status === 'True',
          key: '',
        },
      ];
    }),
};

/** What the scheduler says of preemption after it tells nothing of why. */
function why(message: string): string {
  return brief(message.split(/ (?:no new claims|preemption:)/)[0] ?? message, 300).replace(/[.,]$/, '');
}
