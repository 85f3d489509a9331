import type { StoryContainer, StoryObject, TimelineEntry } from '../../story/document.ts';
import type { StoryHead } from '../../story/head.ts';
import type { ToldEnds } from '../../story/told-ends.ts';
import { changeText, type EntryText } from './entry-line.ts';

/** What the time line shows of an entry of a story; `told` has taken in the entries up to this one. */
export function storyEntry(entry: TimelineEntry, head: StoryHead, told: ToldEnds): EntryText {
  // A time of whole seconds is shown as one.
  const time = entry.precision === '1s' ? entry.time.slice(0, SECONDS) : entry.time;
  switch (entry.type) {
    case 'log':
      return { type: 'log', time, who: runName(head, entry.container), text: lineOf(entry), isBad: false };
    case 'event': {
      const { about, reason, message, eventType, count } = entry;
      const times = count > 1 ? ` (${count} times)` : '';
      const text = `${reason}: ${message}${times}`;
      return { type: 'event', time, who: `${about.kind}/${about.name}`, text, isBad: eventType === 'Warning' };
    }
    case 'lifecycle':
      return {
        type: 'lifecycle',
        time,
        who: subjectOf(entry, head),
        ...changeText(detailsOf(entry), isTold(entry, told)),
      };
    case 'object':
      return { type: 'object', time, who: labelOf(head.objects[entry.object]), text: stateText(entry), isBad: false };
    case 'gap': {
      const gap = head.gaps[entry.gap];
      const text = gap === undefined ? 'gap' : `${gap.certainty} gap (${gap.cause}): ${gap.evidence}`;
      return { type: 'gap', time, who: gapSubject(head, entry.gap), text, isBad: true };
    }
    case 'note':
      return { type: 'note', time, who: 'faro', text: entry.text, isBad: false };
  }
}

const SECONDS = '2026-11-25T16:07:03'.length;

type Of<T extends TimelineEntry['type']> = Extract<TimelineEntry, { type: T }>;

/** Bytes that are no UTF-8 show as replacement characters; the story has them exactly. */
function lineOf({ line, bytes }: Of<'log'>): string {
  return line ?? Buffer.from(bytes ?? '', 'base64').toString('utf8');
}

const PATHS_SHOWN = 4;
const OF_EVERY_CHANGE = /^\/metadata\/(?:resourceVersion$|managedFields)/;

/** What was done to an object, by whom, and where it changed. */
function stateText({ action, manager, patch = [] }: Of<'object'>): string {
  const by = manager === undefined ? '' : ` by ${manager}`;
  const all = patch.map(({ path }) => path).filter((path) => !OF_EVERY_CHANGE.test(path));
  const paths = all.slice(0, PATHS_SHOWN);
  const more = all.length > PATHS_SHOWN ? ` and ${all.length - PATHS_SHOWN} more` : '';
  return `${action}${by}${paths.length === 0 ? '' : `: ${paths.join(' ')}${more}`}`;
}

/** What every entry has, and what names its subject. */
const COMMON = new Set(['seq', 'timeSource', 'precision', 'observed', 'type', 'object', 'containerName']);

function isTold({ object, container }: Of<'lifecycle'>, told: ToldEnds): boolean {
  return told.isGoing(object) || (container !== undefined && told.has(container));
}

function detailsOf(entry: Of<'lifecycle'>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !COMMON.has(name)));
}

function subjectOf({ object, container, containerName }: Of<'lifecycle'>, head: StoryHead): string {
  if (container !== undefined) return runName(head, container);
  const named = head.objects[object];
  return typeof containerName === 'string' ? `${named?.name ?? '?'}/${containerName}` : labelOf(named);
}

function gapSubject(head: StoryHead, index: number): string {
  const of = head.gaps[index]?.of;
  if (of === undefined) return '?';
  if ('container' in of && typeof of.container === 'number') return runName(head, of.container);
  return 'resource' in of ? `${of.resource} in ${of.namespace ?? 'the cluster'}` : '?';
}

export function labelOf(object: StoryObject | undefined): string {
  return object === undefined ? '?' : `${object.kind}/${object.name}`;
}

/** `web-7c9-x2x/app`, with `#2` for the run after the second restart. */
function runName({ containers, objects }: StoryHead, index: number): string {
  const run: StoryContainer | undefined = containers[index];
  if (run === undefined) return '?';
  return `${objects[run.object]?.name ?? '?'}/${run.name}${run.restart > 0 ? `#${run.restart}` : ''}`;
}
