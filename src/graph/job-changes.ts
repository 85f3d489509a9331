import { field, listOf, numberOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { conditionOf, explain } from './conditions.ts';
import { groupKindOf, type Transition, textAt, timeOf } from './transition.ts';

/** What happened to a Job or a CronJob. */
export type JobChange = { readonly time: Timestamp | undefined } & (
  | { readonly what: 'jobStarted' }
  | { readonly what: 'jobProgressed'; readonly active: number; readonly succeeded: number; readonly failed: number }
  | { readonly what: 'jobComplete' | 'jobFailed'; readonly reason: string; readonly message: string }
  /** A CronJob made a Job; `scheduledTime` is the moment that its schedule asked for. */
  | { readonly what: 'triggered'; readonly jobs: readonly string[]; readonly scheduledTime: Timestamp | undefined }
);

export function jobChanges(transition: Transition): JobChange[] {
  switch (groupKindOf(transition.current)) {
    case 'Job.batch':
      return [...start(transition), ...progress(transition), ...end(transition)];
    case 'CronJob.batch':
      return trigger(transition);
    default:
      return [];
  }
}

/** A Job that was suspended and resumed starts again. */
function start({ previous, current }: Transition): JobChange[] {
  const startTime = textAt(current, 'status', 'startTime');
  if (startTime === undefined || startTime === textAt(previous, 'status', 'startTime')) return [];
  return [{ what: 'jobStarted', time: timeOf(startTime) }];
}

function progress({ previous, current }: Transition): JobChange[] {
  if (previous === undefined) return [];
  const [before, after] = [countsOf(previous), countsOf(current)];
  const isSame =
    before.active === after.active && before.succeeded === after.succeeded && before.failed === after.failed;
  return isSame ? [] : [{ what: 'jobProgressed', ...after, time: undefined }];
}

function countsOf(job: KubeObject): { active: number; succeeded: number; failed: number } {
  const count = (name: string) => numberOf(path(job, 'status', name)) ?? 0;
  return { active: count('active'), succeeded: count('succeeded'), failed: count('failed') };
}

function end({ previous, current }: Transition): JobChange[] {
  const ends = { jobComplete: 'Complete', jobFailed: 'Failed' } as const;
  return (['jobComplete', 'jobFailed'] as const).flatMap((what) => {
    const condition = conditionOf(current, ends[what]);
    const was = previous === undefined ? undefined : conditionOf(previous, ends[what]);
    if (condition?.status !== 'True' || was?.status === 'True') return [];
    const time = timeOf(condition.lastTransitionTime);
    return { what, reason: condition.reason, message: explain(condition), time };
  });
}

function trigger({ previous, current }: Transition): JobChange[] {
  const scheduled = textAt(current, 'status', 'lastScheduleTime');
  if (previous === undefined || scheduled === undefined) return [];
  if (scheduled === textAt(previous, 'status', 'lastScheduleTime')) return [];
  const before = new Set(activeJobs(previous));
  const jobs = activeJobs(current).filter((job) => !before.has(job));
  return [{ what: 'triggered', jobs, scheduledTime: timeOf(scheduled), time: undefined }];
}

function activeJobs(cronJob: KubeObject): string[] {
  return listOf(path(cronJob, 'status', 'active')).flatMap((job) => textOf(field(job, 'name')) ?? []);
}
