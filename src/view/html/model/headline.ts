import { timeOfDay } from '../../../model/time.ts';
import type { FactEntry, ReportFacts } from '../data/report-data.ts';
import { text } from './pod-lane.ts';

/** What an entry says, in one line; text of others is still to be made visible. */
export function headlineOf(entry: FactEntry): string {
  switch (entry.type) {
    case 'object':
      return objectHeadline(entry);
    case 'event':
      return `${entry.reason}: ${entry.message}${entry.count > 1 ? ` (×${entry.count})` : ''}`;
    case 'lifecycle':
      return lifecycleHeadline(entry);
    case 'gap':
      return 'something is missing here';
    case 'note':
      return entry.text;
    default:
      return JSON.stringify(entry);
  }
}

/** A gap's own words stand beside the timeline. */
export function gapHeadline(gap: ReportFacts['gaps'][number] | undefined): string {
  if (gap === undefined) return 'something is missing here';
  return `${gap.certainty === 'known' ? 'missing' : 'perhaps missing'} until ${timeOfDay(gap.to)}, ${gap.cause}: ${gap.evidence}`;
}

const ACTIONS = {
  found: 'found as it was at the start',
  created: 'created',
  changed: 'changed',
  deleted: 'deleted',
  deletedUnseen: 'deleted, which a later list proved',
} as const;

/** Paths that tell what a change is about; bookkeeping comes last. */
function objectHeadline({ action, manager, patch }: Extract<FactEntry, { type: 'object' }>): string {
  const by = manager === undefined ? '' : ` by ${manager}`;
  if (patch === undefined || patch.length === 0) return `${ACTIONS[action]}${by}`;
  const places = patch
    .map(({ path }) => path)
    .filter((path) => !/^\/metadata\/(resourceVersion|managedFields|generation)/.test(path));
  const [first = ''] = places;
  const more = places.length > 3 ? ` and ${places.length - 3} more` : '';
  const shown = places.slice(0, 3).join(', ');
  return first === '' ? `${ACTIONS[action]}${by}` : `${ACTIONS[action]}${by}: ${shown}${more}`;
}

type Details = Extract<FactEntry, { type: 'lifecycle' }>;

const PHRASES: Readonly<Record<string, (details: Details) => string>> = {
  scheduled: ({ node }) => `scheduled to ${text(node)}`,
  phase: ({ from, to }) => (text(from) === '' ? `phase ${text(to)}` : `phase ${text(from)} → ${text(to)}`),
  started: ({ containerName }) => `container ${text(containerName)} started`,
  restarted: ({ containerName, restart }) => `container ${text(containerName)} restarted (restart ${Number(restart)})`,
  terminated: ({ containerName, exitCode, reason, signal }) =>
    `container ${text(containerName)} ended with ${Number(signal) > 0 ? `signal ${Number(signal)}` : `exit code ${exitCode ?? '?'}`}, ${text(reason)}`,
  waiting: ({ containerName, reason, message }) =>
    `container ${text(containerName)} waits: ${text(reason)}: ${text(message)}`,
  ready: ({ containerName }) => `container ${text(containerName)} ready`,
  unready: ({ containerName }) => `container ${text(containerName)} not ready`,
  podReady: () => 'pod ready',
  podUnready: ({ reason, message }) => `pod not ready: ${text(reason)} ${text(message)}`,
  evicted: ({ reason, message }) => `evicted: ${text(reason)} ${text(message)}`,
  scaled: ({ from, to }) => `scaled from ${Number(from)} to ${Number(to)}`,
  condition: ({ condition, status, reason, message }) =>
    `condition ${text(condition)} is ${text(status)}: ${text(reason)} ${text(message)}`,
  rolloutBegun: () => 'rollout begun',
  rolloutProgressed: ({ updated, ready, wanted }) =>
    `rollout: ${Number(updated)} of ${Number(wanted)} updated, ${Number(ready)} ready`,
  rolloutFinished: () => 'rollout finished',
  rolloutFailed: ({ message }) => `rollout failed: ${text(message)}`,
  deletionRequested: ({ gracePeriodSeconds }) => `deletion requested, ${Number(gracePeriodSeconds)} s of grace`,
  jobFailed: ({ reason, message }) => `Job failed: ${text(reason)} ${text(message)}`,
  ownerAdopted: ({ owner }) => `adopted by ${text(owner)}`,
  ownerOrphaned: ({ owner }) => `no longer owned by ${text(owner)}`,
};

function lifecycleHeadline(entry: Details): string {
  const phrase = Object.hasOwn(PHRASES, entry.what) ? PHRASES[entry.what] : undefined;
  return (phrase?.(entry) ?? entry.what.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)).replace(
    /[\s:,]+$/,
    '',
  );
}
