import type { Facts, Moment, ObjectFacts } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, type Rule } from '../finding.ts';
import { brief, coreOf } from '../text.ts';
import { isWell, workloadOf } from '../wellness.ts';

/** Pods that a ResourceQuota does not allow. */
export const quota: Rule = {
  name: 'quota',
  role: 'own',
  find: (facts) => refusals(facts).flatMap((refusal) => (isQuota(refusal) ? [finding(facts, refusal)] : [])),
};

/** Pods that the API server refuses for another reason: policy, limits, a webhook, a missing service account. */
export const admission: Rule = {
  name: 'admission',
  role: 'own',
  find: (facts) => refusals(facts).flatMap((refusal) => (isQuota(refusal) ? [] : [finding(facts, refusal)])),
};

interface Refusal {
  readonly object: ObjectFacts;
  readonly message: string;
  readonly moments: readonly [Moment, ...Moment[]];
}

const REFUSED = /forbidden|denied|webhook|exceeded quota|is invalid|violates/i;
/** What passes by itself: two writers at once, a namespace that is being deleted or has just been made. */
const PASSING =
  /object has been modified|being terminated|because it is being deleted|serviceaccount "default" not found/i;

function isQuota({ message }: Refusal): boolean {
  return message.includes('exceeded quota');
}

/** By conditions, which Deployments repeat, and by Events, which is all that StatefulSets and Jobs have. */
function refusals(facts: Facts): readonly Refusal[] {
  const all = facts.objects.flatMap((object) => refusalsOf(facts, object));
  const told = new Set(
    all.flatMap(({ object }) => (object.kind === 'Deployment' ? [] : (workloadOf(facts, object.index)?.index ?? []))),
  );
  return all.filter(({ object }) => object.kind !== 'Deployment' || !told.has(object.index));
}

function refusalsOf({ startTime }: Facts, object: ObjectFacts): Refusal[] {
  const isRefusal = (message: string) => REFUSED.test(message) && !PASSING.test(message);
  const conditions = object.conditions.filter(
    ({ type, status, message }) => type === 'ReplicaFailure' && status === 'True' && isRefusal(message),
  );
  const events = object.events.filter(({ reason, message }) => reason === 'FailedCreate' && isRefusal(message));
  const moments = [
    ...conditions.map(({ from }) => from),
    // Events stay for an hour: what is over since before the story is none of it.
    ...events.flatMap((event) => event.moments).filter(({ time }) => time >= startTime),
  ].sort((a, b) => a.seq - b.seq);
  const [first, ...rest] = moments;
  const message = conditions[0]?.message ?? events[0]?.message;
  return first === undefined || message === undefined ? [] : [{ object, message, moments: [first, ...rest] }];
}

function finding(facts: Facts, refusal: Refusal): Finding {
  const { object, message, moments } = refusal;
  const said = isQuota(refusal) ? brief(message.slice(message.indexOf('exceeded quota')), 200) : reasonOf(message);
  return {
    summary: `pods of ${nameOf(object)} are refused: ${said}`,
    object: object.index,
    evidence: evidenceOf(moments[0], moments.at(-1)),
    onset: moments[0],
    last: moments.at(-1) ?? moments[0],
    isOver: isWell(facts, workloadOf(facts, object.index)),
    key: '',
  };
}

/** After `pods "web-x" is forbidden: `, which every refusal begins with. */
function reasonOf(message: string): string {
  const [, reason] = /is (?:forbidden|invalid): (.+)$/s.exec(message) ?? [];
  return reason === undefined ? coreOf(message) : brief(reason, 200);
}
