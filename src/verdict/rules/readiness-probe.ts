import { containerNamesOf } from '../../model/container-specs.ts';
import { field, numberOf } from '../../model/fields.ts';
import { settingsText } from '../dependencies.ts';
import { probeEvents, specOf } from '../ends.ts';
import {
  type ConditionSpan,
  type EventFact,
  type Facts,
  type Moment,
  type ObjectFacts,
  secondsBetween,
} from '../facts.ts';
import { evidenceOf, type Finding, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isPodOver, isWell } from '../wellness.ts';

/**
 * A container that runs but is not ready, because its probe fails: it was ready before, or it was given the time that
 * its probe allows and never became so. That a probe fails at first while all comes up is as it should be.
 */
export const readinessProbe: Rule = {
  name: 'readiness-probe',
  role: 'dependent',
  find: (facts) =>
    ofKind(facts, 'Pod').flatMap((pod) =>
      containerNamesOf(pod.state?.spec).flatMap((name) => findingOf(facts, pod, name)),
    ),
};

function findingOf(facts: Facts, pod: ObjectFacts, container: string): Finding[] {
  const events = probeEvents(pod, container, 'readiness');
  const runs = pod.runs.filter(({ name, started }) => name === container && started !== undefined);
  const lost = lostReadiness(pod, { container, events });
  const never = lost === undefined ? neverReady(pod, { container, events }) : undefined;
  const at = lost?.from ?? never;
  const [event] = events;
  if (at === undefined || event === undefined) return [];
  const said = brief(event.message.replace(/^\w+ probe \w+: /i, ''), 160);
  const run = runs.at(-1);
  return [
    {
      summary: `container ${container} of ${nameOf(pod)} ${lost === undefined ? 'never becomes' : 'is no longer'} ready: its readiness probe fails: ${said}`,
      object: pod.index,
      ...(run === undefined ? {} : { container: run.index }),
      evidence: evidenceOf(lost?.from, event.moments[0], events.at(-1)?.moments.at(-1)),
      onset: at,
      last: lost?.until ?? events.at(-1)?.moments.at(-1) ?? at,
      isOver: isPodOver(facts, pod),
      isPast: pod.deleted === undefined && isWell(facts, pod),
      key: container,
      mentions: [...events.map(({ message }) => message), settingsText(specOf(pod, container))].join('\n'),
    },
  ];
}

interface Probed {
  readonly container: string;
  readonly events: readonly EventFact[];
}

/** A time in which a pod that had been ready was not, while nobody asked it to end and none of its containers ended. */
function lostReadiness(pod: ObjectFacts, { events }: Probed): ConditionSpan | undefined {
  const spans = pod.conditions.filter(({ type }) => type === 'Ready');
  const failures = events.flatMap(({ moments }) => moments);
  const ends = pod.runs.flatMap(({ ended }) => ended ?? []);
  return spans.find(({ status, from }, index) => {
    const isLost = status !== 'True' && spans[index - 1]?.status === 'True';
    const isNear = ({ time }: Moment) => Math.abs(secondsBetween(time, from.time)) <= 5;
    const isGoing = pod.deletionRequested !== undefined && secondsBetween(pod.deletionRequested.time, from.time) >= -2;
    return (
      isLost && !isGoing && failures.some((failure) => failure.seq <= from.seq || isNear(failure)) && !ends.some(isNear)
    );
  });
}

/** When the probe of a pod that never became ready had failed as often as it may. */
function neverReady(pod: ObjectFacts, { container, events }: Probed): Moment | undefined {
  if (pod.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return undefined;
  const probe = field(specOf(pod, container), 'readinessProbe');
  const threshold = numberOf(field(probe, 'failureThreshold')) ?? 3;
  const isCaught = events.reduce((sum, { count }) => sum + count, 0) >= threshold;
  return isCaught ? events[0]?.moments[0] : undefined;
}
