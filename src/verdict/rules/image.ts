import { field, textOf } from '../../model/fields.ts';
import { specOf } from '../ends.ts';
import type { Facts, ObjectFacts, WaitSpan } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief, coreOf } from '../text.ts';
import { hasStartedAfter, isPodOver } from '../wellness.ts';

const REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

/** A container whose image cannot be had. */
export const image: Rule = {
  name: 'image',
  role: 'own',
  find: (facts) => ofKind(facts, 'Pod').flatMap((pod) => byContainer(pod).map((waits) => finding(facts, pod, waits))),
};

function byContainer(pod: ObjectFacts): readonly (readonly [WaitSpan, ...WaitSpan[]])[] {
  const waits = pod.waits.filter(({ reason }) => REASONS.has(reason));
  return [...Map.groupBy(waits, ({ container }) => container).values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [[first, ...rest] as const],
  );
}

function finding(facts: Facts, pod: ObjectFacts, waits: readonly [WaitSpan, ...WaitSpan[]]): Finding {
  const [first] = waits;
  const wanted = brief(textOf(field(specOf(pod, first.container), 'image')) ?? '?', 300);
  const failure = pod.events.find(({ reason, message }) => reason === 'Failed' && message.includes(wanted));
  // The back-off only repeats; the attempt that failed says why.
  const told = waits.find(({ reason }) => reason !== 'ImagePullBackOff')?.message ?? failure?.message ?? first.message;
  return {
    summary: `image ${wanted} of container ${first.container} of ${nameOf(pod)} cannot be pulled: ${coreOf(told) || first.reason}`,
    object: pod.index,
    evidence: evidenceOf(first.from, failure?.moments[0], waits.at(-1)?.from),
    // Before it could be asked for, nothing was wrong; but the answer may have taken long.
    onset: pod.isNew && pod.first !== undefined ? pod.first : first.from,
    last: waits.at(-1)?.until ?? pod.last ?? first.from,
    isOver: isPodOver(facts, pod),
    isPast: hasStartedAfter(pod, waits.at(-1)?.from ?? first.from, first.container),
    key: `${first.container} ${wanted}`,
  };
}
