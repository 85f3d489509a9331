import { timeOfDay } from '../model/time.ts';
import type { TimelineEntry } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import { detailText, wordsOf } from '../story/words.ts';
import { detailsOf, textOf, wordOf } from './describe.ts';
import { type Excerpts, isNotable, type Moment } from './excerpts.ts';
import { inline } from './markdown.ts';
import type { Item } from './page.ts';
import { objectName, subjectOf } from './subject.ts';

/** The time line's items: what the verdict rests on comes in first, then trouble and turns, then the rest. */
export function momentsOf(head: StoryHead, { moments, dropped }: Excerpts): Item[] {
  const { verdict } = head;
  const { firstCause, consequences = [], unrelated = [] } = verdict ?? {};
  const causes = firstCause === undefined ? [] : [firstCause, ...consequences, ...unrelated];
  const evidence = new Set(causes.flatMap((cause) => cause.evidence));
  const items = moments.map((moment) => ({
    text: momentLine(head, moment),
    rank: evidence.has(moment.entry.seq) ? 0 : isNotable(moment.entry) ? 1 : 2,
  }));
  return dropped === 0
    ? items
    : [...items, { text: `- ${dropped} more in the middle are not in this digest`, rank: 0 }];
}

function momentLine(head: StoryHead, { entry, times }: Moment): string {
  const word = entry.type === 'lifecycle' ? wordsOf(entry.what) : wordOf(entry, head.gaps);
  const text = entry.type === 'lifecycle' ? detailsIn(entry) : textOf(entry, head.gaps);
  const what = inline(word === '' ? entry.type : word);
  const more = text === '' ? '' : `: ${inline(text, 200)}`;
  return `- ${timeOfDay(entry.time, entry.precision)} ${about(head, entry)}${what}${more}${times > 1 ? ` (${times} times)` : ''}`;
}

function about(head: StoryHead, entry: Moment['entry']): string {
  const { object, container } = subjectOf(head, entry);
  if (object === undefined) return '';
  const run = container === undefined ? '' : `/${inline(container.name)}#${container.restart}`;
  return `${inline(objectName(object))}${run} `;
}

/** The name of the container stands before it, its id tells nothing here. */
const DULL = new Set(['containerID', 'containerKind', 'containerName', 'restart', 'startedAt', 'isOutOfMemory']);

function detailsIn(entry: Extract<TimelineEntry, { type: 'lifecycle' }>): string {
  return Object.entries(detailsOf(entry))
    .filter(([name, value]) => !DULL.has(name) && value !== '')
    .map(([name, value]) => detailText(entry.what, name, value))
    .join(', ');
}
