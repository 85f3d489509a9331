import { counted } from '../../../model/grouped.ts';
import type { StoryObject } from '../../../story/document.ts';
import type { ReportFacts } from '../data/report-data.ts';
import type { LaneIndex } from './lanes.ts';
import type { LaneStory } from './spans.ts';

/** How a lane stands at the end of the story. */
export interface LaneSummary {
  readonly text: string;
  /** The few things that the eye should find beside the name. */
  readonly signs: readonly { readonly tone: 'crashed' | 'warning' | 'restarts' | 'missing'; readonly text: string }[];
}

export function laneSummaries(
  index: LaneIndex,
  stories: readonly LaneStory[],
  { containers, objects }: ReportFacts,
): LaneSummary[] {
  return index.lanes.map(({ runs, object, container }, lane) => {
    const related = container === undefined ? objects[object]?.related : undefined;
    const story = stories[lane];
    if (story === undefined) return { text: '', signs: [] };
    const restarts = Math.max(0, ...runs.map((run) => containers[run]?.restart ?? 0));
    const crashed = story.marks.findLast(({ tone }) => tone === 'crashed');
    const warnings = story.marks.filter(({ tone }) => tone === 'warning').length;
    const last = story.spans.at(-1)?.text;
    const signs = [
      ...(crashed?.label === undefined ? [] : [{ tone: 'crashed' as const, text: `exit ${crashed.label}` }]),
      ...(restarts > 0 ? [{ tone: 'restarts' as const, text: `↻${restarts}` }] : []),
      ...(warnings > 0 ? [{ tone: 'warning' as const, text: `▲${warnings}` }] : []),
      ...(story.missing.length > 0 ? [{ tone: 'missing' as const, text: '⚠' }] : []),
    ];
    const parts = [
      related === undefined ? undefined : relationText(related, objects),
      last,
      restarts > 0 ? counted(restarts, 'restart') : undefined,
      crashed === undefined ? undefined : `last crash: ${crashed.text}`,
      warnings > 0 ? counted(warnings, 'warning') : undefined,
      story.missing.length > 0 ? counted(story.missing.length, 'gap') : undefined,
    ];
    return { text: parts.filter((part) => part !== undefined).join(', '), signs };
  });
}

/** `selects Pod web-1, Pod web-2`: what a related object has to do with the story. */
function relationText(related: NonNullable<StoryObject['related']>, objects: readonly StoryObject[]): string {
  const nameOf = (index: number) => `${objects[index]?.kind ?? '?'} ${objects[index]?.name ?? '?'}`;
  return related
    .map(
      ({ how, to }) =>
        `${how} ${to.slice(0, 3).map(nameOf).join(', ')}${to.length > 3 ? ` and ${to.length - 3} more` : ''}`,
    )
    .join('; ');
}
