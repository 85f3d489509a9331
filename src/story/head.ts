import { FaroError } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import type { StoryBytes } from './bytes.ts';
import {
  headSchema,
  type StoryContainer,
  type StoryGap,
  type StoryMetadata,
  type StoryObject,
  type StoryVerdict,
} from './document.ts';
import { BYTE, JsonFault, JsonWalker } from './json-walker.ts';
import { firstIssue } from './parse-entry.ts';
import type { StorySignature } from './signature.ts';

/** Everything of a story but its timeline. */
export interface StoryHead {
  readonly metadata: StoryMetadata;
  readonly verdict: StoryVerdict | undefined;
  readonly signature?: StorySignature | undefined;
  readonly objects: readonly StoryObject[];
  readonly containers: readonly StoryContainer[];
  readonly gaps: readonly StoryGap[];
}

/** What a document holds beside its timeline, and the offset at which that begins. */
export interface FoundHead {
  readonly head: StoryHead;
  readonly timeline: number;
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'objects', 'containers', 'gaps', 'verdict', 'signature'] as const;
const BEFORE_TIMELINE = FIELDS.filter((name) => name !== 'verdict' && name !== 'signature');

/**
 * Reads everything but the timeline, whatever the order of the fields. Where the end of the document can be had by
 * itself and is as faro writes it, the timeline is not even walked over.
 */
export async function readHead(bytes: StoryBytes): Promise<FoundHead> {
  await using walker = new JsonWalker(bytes.from(0));
  const fields = new Map<unknown, unknown>();
  let timeline: number | undefined;
  if (!(await walker.takes(BYTE.begin))) throw new JsonFault('it does not begin as JSON of a story', { offset: 0 });
  for (let isFirst = true; !(await walker.takes(BYTE.end)); isFirst = false) {
    if (!isFirst) await walker.expect(BYTE.comma);
    const name = await nextName(walker);
    if (name === 'timeline') {
      await walker.peek();
      timeline = walker.offset;
      const end = BEFORE_TIMELINE.every((field) => fields.has(field)) ? await endOf(bytes) : undefined;
      if (end !== undefined) {
        for (const [field, value] of Object.entries(end)) fields.set(field, value);
        return { head: judged(fields), timeline };
      }
    }
    if (FIELDS.some((field) => field === name)) fields.set(name, await nextJson(walker));
    else await walker.skip();
    if (name === 'apiVersion') checkVersion(fields.get(name));
  }
  if ((await walker.peek()) !== undefined)
    throw new JsonFault('something follows the document', { offset: walker.offset });
  const head = judged(fields);
  if (timeline === undefined) throw new FaroError('story', 'this story has no timeline');
  return { head, timeline };
}

async function nextName(walker: JsonWalker): Promise<unknown> {
  const name = await nextJson(walker);
  await walker.expect(BYTE.colon);
  return name;
}

async function nextJson(walker: JsonWalker): Promise<unknown> {
  const { bytes, offset } = await walker.value();
  try {
    return parseJson(bytes.toString());
  } catch (cause) {
    throw new JsonFault('this is no JSON', { offset, cause });
  }
}

/** `faro/v1` is what this version reads; what it does not know in there is ignored. */
function checkVersion(apiVersion: unknown): void {
  if (apiVersion === 'faro/v1') return;
  const major = /^faro\/v(\d+)/.exec(String(apiVersion))?.[1];
  if (major !== undefined && Number(major) > 1)
    throw new FaroError('no-story', `this story is of format faro/v${major}, this version of faro reads faro/v1`, {
      hint: 'a newer version of faro reads it',
    });
  throw new FaroError('no-story', `this is no story: its apiVersion is ${JSON.stringify(apiVersion)}, not faro/v1`, {
    hint: 'name a file that faro has written',
  });
}

function judged(fields: ReadonlyMap<unknown, unknown>): StoryHead {
  if (!fields.has('apiVersion')) checkVersion(undefined);
  const { success, error } = headSchema.safeParse(Object.fromEntries(fields));
  if (!success) throw new FaroError('story', `this is not as a story must be: ${firstIssue(error)}`);
  // As it was written: the schema makes copies.
  const { metadata, verdict, signature, objects, containers, gaps } = Object.fromEntries(
    fields,
  ) as unknown as StoryHead;
  return { metadata, verdict, signature, objects, containers, gaps };
}

const TIMELINE_END = '\n]';
const TAILS = [64 * 1024, 4 * 1024 * 1024];

/** What stands behind the timeline, if the document ends as faro ends one; else undefined: it must be walked through. */
async function endOf(bytes: StoryBytes): Promise<object | undefined> {
  for (const length of TAILS) {
    const tail = (await bytes.tail(length))?.toString();
    if (tail === undefined) return undefined;
    // No string holds a newline, and what follows is indented: this is the timeline's end.
    const at = tail.lastIndexOf(TIMELINE_END);
    if (at === -1) continue;
    const rest = tail.slice(at + TIMELINE_END.length);
    if (rest === '\n}\n') return {};
    if (!/^,\n"(?:verdict|signature)": /.test(rest)) return undefined;
    try {
      const end: unknown = JSON.parse(`{${rest.slice(1)}`);
      return typeof end === 'object' && end !== null ? end : undefined;
    } catch {
      return undefined; // cut or edited: the walk finds out where
    }
  }
  return undefined;
}
