import { probeEvents } from '../ends.ts';
import { type Facts, secondsBetween } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { areEndsOver, type Ends, endsBy, mentionsOf, spanOf } from './crash.ts';

/** A container that the kubelet kills because it does not answer as it should. */
export const livenessProbe: Rule = {
  name: 'liveness-probe',
  role: 'dependent',
  find: (facts) => endsBy(facts, 'liveness-probe').map((ends) => killed(facts, ends, 'liveness')),
};

/** A container that the kubelet kills because it does not come up in time. */
export const startupProbe: Rule = {
  name: 'startup-probe',
  role: 'dependent',
  find: (facts) => endsBy(facts, 'startup-probe').map((ends) => killed(facts, ends, 'startup')),
};

function killed(facts: Facts, ends: Ends, probe: 'liveness' | 'startup'): Finding {
  const [{ pod, run, at }] = ends;
  const newest = ends.at(-1) ?? ends[0];
  const failure = probeEvents(pod, run.name, probe)[0];
  const said = failure === undefined ? '' : `: ${brief(failure.message.replace(/^\w+ probe \w+: /i, ''), 160)}`;
  const times = ends.length > 1 ? `, ${ends.length} times` : '';
  // The probe began to fail before the container was ended.
  const begun = failure?.moments.find(({ time }) => secondsBetween(time, at.time) >= 0);
  const { onset, last } = spanOf(ends);
  return {
    summary: `container ${run.name} of ${nameOf(pod)} is killed because its ${probe} probe fails${times}${said}`,
    object: pod.index,
    container: newest.run.index,
    evidence: evidenceOf(begun, ...ends.slice(-2).flatMap((end) => [...end.shown, end.at])),
    onset: begun !== undefined && begun.seq < onset.seq ? begun : onset,
    last,
    isOver: areEndsOver(facts, ends),
    key: run.name,
    lines: newest.run.lines.map(({ text }) => text),
    mentions: mentionsOf(newest),
  };
}
