import { type Facts, type ObjectFacts, secondsBetween } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, type Rule } from '../finding.ts';
import { isWell } from '../wellness.ts';

/** Two changes in a row are one rollout to whoever made them. */
const APART_SECONDS = 3;

/** A rollout that the next one ended before it was finished. */
export const rolloutOvertaken: Rule = {
  name: 'rollout-overtaken',
  role: 'symptom',
  find: (facts) =>
    facts.objects.flatMap((object) => object.rollouts.flatMap((_, index) => findingOf(facts, object, index))),
};

function findingOf(facts: Facts, object: ObjectFacts, index: number): Finding[] {
  const [rollout, next] = [object.rollouts[index], object.rollouts[index + 1]];
  if (
    rollout === undefined ||
    next === undefined ||
    (rollout.finished !== undefined && rollout.finished.seq < next.from.seq)
  )
    return [];
  const isBack = object.rollouts.slice(0, index).some(({ template }) => template === next.template);
  const isSlight = !isBack && secondsBetween(rollout.from.time, next.from.time) < APART_SECONDS;
  const how = isBack ? 'was rolled back' : 'was overtaken by the next one';
  const summary = `a rollout of ${nameOf(object)} ${how} before it was finished`;
  const evidence = evidenceOf(rollout.from, next.from);
  return [
    {
      summary,
      object: object.index,
      evidence,
      onset: next.from,
      last: next.from,
      isOver: isWell(facts, object),
      key: String(index),
      isSlight,
    },
  ];
}
