import type { EventFact, Facts, ObjectFacts } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, ofKind, type Rule } from '../finding.ts';
import { coreOf } from '../text.ts';
import { hasStartedAfter, isPodOver } from '../wellness.ts';
import { missingIn } from './missing-config.ts';

const REASONS = new Set(['FailedMount', 'FailedAttachVolume', 'FailedMapVolume', 'VolumeFailedDelete']);
/** Attempts after which it is no race any more. */
const ATTEMPTS = 3;

/** A volume that cannot be attached to the node, or mounted there. */
export const volume: Rule = {
  name: 'volume',
  role: 'own',
  find: (facts) => ofKind(facts, 'Pod').flatMap((pod) => findingOf(facts, pod)),
};

function findingOf(facts: Facts, pod: ObjectFacts): Finding[] {
  const events = pod.events.filter(({ reason, message }) => REASONS.has(reason) && missingIn(message) === undefined);
  const count = events.reduce((sum, event) => sum + event.count, 0);
  // That it took too long says nothing of why.
  const event = events.find(({ message }) => !message.includes('timed out waiting for the condition')) ?? events[0];
  const hasRun = pod.runs.some(({ started }) => started !== undefined);
  const [first, last] = [event?.moments[0], events.at(-1)?.moments.at(-1)];
  if (event === undefined || first === undefined || last === undefined || count < (hasRun ? ATTEMPTS : 2)) return [];
  return [
    {
      summary: `${volumeName(event)} of ${nameOf(pod)} cannot be ${event.reason === 'FailedAttachVolume' ? 'attached' : 'mounted'}: ${coreOf(event.message)}`,
      object: pod.index,
      evidence: evidenceOf(first, last),
      onset: first,
      last,
      isOver: isPodOver(facts, pod),
      isPast: hasStartedAfter(pod, last),
      key: volumeName(event),
    },
  ];
}

function volumeName({ message }: EventFact): string {
  const name = /for volume "([^"]{1,253})"/.exec(message)?.[1];
  return name === undefined ? 'a volume' : `volume ${name}`;
}
