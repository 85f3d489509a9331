import type { Facts, Moment, ObjectFacts } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isWell } from '../wellness.ts';

/** A Job that failed for good: too many of its pods did, or it took too long; or a pod of its own that took too long. */
export const jobFailed: Rule = {
  name: 'job-failed',
  role: 'symptom',
  find: (facts) => [
    ...ofKind(facts, 'Job').flatMap((job) => ofJob(facts, job)),
    ...ofKind(facts, 'Pod').flatMap(ofPod),
  ],
};

function ofJob(facts: Facts, job: ObjectFacts): Finding[] {
  const span = job.conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  // A CronJob keeps those of its Jobs that failed.
  const isOld = span?.from.seq === job.first?.seq && !job.isNew && !facts.roots.includes(job.index);
  if (span === undefined || isOld) return [];
  const found = finding(job, { at: span.from, says: `${span.reason}: ${span.message}` });
  return [{ ...found, isOver: isWell(facts, job) }];
}

function ofPod(pod: ObjectFacts): Finding[] {
  if (pod.ended?.reason !== 'DeadlineExceeded') return [];
  return [finding(pod, { at: pod.ended, says: `DeadlineExceeded: ${pod.ended.message}` })];
}

function finding(object: ObjectFacts, { at, says }: { readonly at: Moment; readonly says: string }): Finding {
  const summary = `${nameOf(object)} failed: ${brief(says, 200)}`;
  return { summary, object: object.index, evidence: evidenceOf(at), onset: at, last: at, isOver: false, key: '' };
}
