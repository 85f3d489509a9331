import type { StoryContainer, StoryObject, TimelineEntry } from '../story/document.ts';
import type { StoryReader } from '../story/reader.ts';
import { inPieces } from './converter.ts';
import { subjectOf } from './subject.ts';

/**
 * A record a line: first the story itself, then each entry with the story's id and the references of its object and
 * container run in the place of their indexes, last the verdict. Each line can be understood alone.
 */
export function ndjson(story: StoryReader): AsyncIterable<string> {
  return inPieces(lines(story));
}

async function* lines({ head, entries }: StoryReader): AsyncGenerator<string> {
  const { metadata, verdict } = head;
  yield line({ story: metadata.id, type: 'story', metadata });
  for await (const entry of entries()) yield line(recordOf(entry));
  if (verdict !== undefined) yield line({ story: metadata.id, type: 'verdict', verdict });

  function recordOf(entry: TimelineEntry): object {
    const { object, container } = subjectOf(head, entry);
    return {
      story: metadata.id,
      ...entry,
      ...('object' in entry || object !== undefined ? { object: object === undefined ? null : reference(object) } : {}),
      ...(container === undefined ? {} : { container: run(container) }),
      ...(entry.type === 'gap' ? { gap: { ...head.gaps[entry.gap], of: undefined } } : {}),
    };
  }
}

function line(record: object): string {
  return `${JSON.stringify(record)}\n`;
}

function reference({ apiVersion, kind, namespace, name, uid, lineage }: StoryObject): object {
  return { apiVersion, kind, namespace, name, uid, lineage };
}

function run({ name, kind, restart, containerID }: StoryContainer): object {
  return { name, kind, restart, containerID };
}
