import { counted } from '../model/grouped.ts';
import type { StoryCounts } from '../story/document.ts';

/** What a story holds, in a line: `3 objects, 1 container, 1,200 log lines, 4 events, 1 gap`. */
export function contentsOf(
  counts: Pick<StoryCounts, 'objects' | 'containers' | 'logLines' | 'events' | 'gaps'>,
): string {
  return [
    counted(counts.objects, 'object'),
    counted(counts.containers, 'container'),
    counted(counts.logLines, 'log line'),
    counted(counts.events, 'event'),
    counted(counts.gaps, 'gap'),
  ].join(', ');
}
