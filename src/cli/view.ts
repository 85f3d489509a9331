import { parse, stringify } from 'yaml';
import { addTo } from '../model/counts.ts';
import { FaroError } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import { millisecondsOf, type Timestamp, timeOfDay, wholeSecondOf } from '../model/time.ts';
import type { TimelineEntry } from '../story/document.ts';
import { openStory, type StoryHead, type StoryReader } from '../story/reader.ts';
import { ToldEnds } from '../story/told-ends.ts';
import { entryLine } from '../view/terminal/entry-line.ts';
import { type Line, span } from '../view/terminal/line.ts';
import { type Painter, painter, wantsColour } from '../view/terminal/painter.ts';
import { labelOf, storyEntry } from '../view/terminal/story-entry.ts';
import { type Moment, momentOf } from '../view/terminal/story-moment.ts';
import { treeLines } from '../view/terminal/tree-lines.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { momentIn, recordedMomentIn } from './moment.ts';
import { objectsNamed } from './named-objects.ts';
import { type Output, page } from './pager.ts';
import { matcherOf } from './pattern.ts';

export interface ViewOptions {
  readonly object?: readonly string[];
  readonly type?: readonly string[];
  readonly entry?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly grep?: string;
  readonly at?: string;
  readonly pager: boolean;
}

/** `faro view`: a finished story's objects and its time line, or every object as it was at a moment. */
export async function view(file: string, options: ViewOptions, context: Output): Promise<ExitCode> {
  const matches = options.grep === undefined ? undefined : matcherOf(options.grep, '--grep');
  await using story = await openStory(file);
  const paint = painter(wantsColour(context.env, context.stdout.isTTY === true));
  const text = options.at === undefined ? timeline(story, options, matches) : atMoment(story, options);
  await page(painted(text, paint), context, options.pager);
  return EXIT.done;
}

/** Lines are written in pieces of this many characters, for the sake of pipes. */
const PIECE = 32_768;

async function* painted(lines: AsyncIterable<Line>, paint: Painter): AsyncGenerator<string> {
  let piece = '';
  for await (const line of lines) {
    piece += `${paint(line, Number.POSITIVE_INFINITY)}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

async function* timeline(
  story: StoryReader,
  options: ViewOptions,
  matches: ((text: string) => boolean) | undefined,
): AsyncGenerator<Line> {
  const { head } = story;
  const { metadata } = head;
  const moment = (text: string | undefined, option: string) =>
    text === undefined ? undefined : momentIn(text, metadata, option);
  const [since, until] = [moment(options.since, '--since'), moment(options.until, '--until')];
  const objects = options.object === undefined ? undefined : objectsNamed(options.object, head);
  const types = options.type?.flatMap((list) => list.split(',')).map(typeNamed);
  const entries = options.entry === undefined ? undefined : entriesNamed(options.entry, metadata.counts.entries);
  const last = entries === undefined ? Number.POSITIVE_INFINITY : Math.max(...entries);
  const isWhole = [since, until, objects, types, entries, matches].every((wanted) => wanted === undefined);
  yield* headLines(head);
  if (isWhole) yield* treeOf(await momentOf(story, undefined), head, metadata.endTime as Timestamp); // by the schema
  if (isWhole) yield [];
  const filter = { since, until, objects, types };
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const told = new ToldEnds();
  for await (const entry of story.entries(given)) {
    if (entry.seq > last) break;
    told.take(entry);
    if (entries?.has(entry.seq) === false) continue;
    const text = storyEntry(entry, head, told);
    if (matches === undefined || matches(text.text)) yield entryLine(text);
  }
}

/** The tree at a moment; with `--object` the objects themselves, whole, as YAML. */
async function* atMoment(story: StoryReader, { at = '', object }: ViewOptions): AsyncGenerator<Line> {
  const { head } = story;
  const time = recordedMomentIn(at, head.metadata, '--at');
  const moment = await momentOf(story, time);
  if (object === undefined) {
    yield* headLines(head);
    yield [span(`at ${time}`, 'bold')];
    yield* treeOf(moment, undefined, time);
    return;
  }
  for (const index of objectsNamed(object, head)) {
    const state = moment.states.get(index);
    yield [span(`# ${printable(labelOf(head.objects[index]))} at ${time}`, 'dim')];
    if (state === undefined) yield [span('# it had not been seen yet', 'dim')];
    else for (const line of yamlOf(state).split('\n')) yield [span(printable(line))];
    yield [span('---', 'dim')];
  }
}

/** By way of text, so that numbers beyond 2^53 keep their digits. */
function yamlOf(state: unknown): string {
  return stringify(parse(JSON.stringify(state), { intAsBigInt: true }));
}

const TYPES: readonly TimelineEntry['type'][] = ['log', 'event', 'lifecycle', 'object', 'gap', 'note'];

function typeNamed(name: string): TimelineEntry['type'] {
  const type = TYPES.find((known) => known === name);
  if (type !== undefined) return type;
  throw new FaroError('usage', `--type: there are no entries of type "${name}"`, {
    hint: `there are ${TYPES.join(', ')}`,
  });
}

/** Numbers of entries, of the so many that there are. */
function entriesNamed(lists: readonly string[], count: number): ReadonlySet<number> {
  return new Set(
    lists
      .flatMap((list) => list.split(','))
      .map((text) => {
        const seq = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
        if (seq < count) return seq;
        throw new FaroError('usage', `--entry: there is no entry "${text}" in this story`, {
          hint: `its entries are 0 to ${count - 1}; faro explain names those that show what went wrong`,
        });
      }),
  );
}

function* headLines({ metadata, verdict, gaps }: StoryHead): Generator<Line> {
  const { roots, startTime, endTime, ended, complete, incomplete, cluster } = metadata;
  const names = roots.map(({ kind, name }) => `${kind}/${name}`).join(' ');
  yield [span(printable(names), 'bold'), span(printable(`  ${cluster.server} ${cluster.version}`), 'dim')];
  yield [span(printable(`${wholeSecondOf(startTime)}Z to ${timeOfDay(endTime, '1s')}Z, ended by ${ended}`))];
  if (complete) yield [span('complete', 'good')];
  else
    yield [
      span(printable(`not complete: ${incomplete[0] ?? ''}`), 'bad'),
      span(gaps.length > 1 ? `  (${gaps.length} gaps)` : '', 'bad'),
    ];
  const cause = verdict?.firstCause;
  if (verdict !== undefined) {
    const tone = verdict.status === 'failed' ? 'bad' : verdict.status === 'healthy' ? 'good' : 'busy';
    yield [span(printable(cause === undefined ? verdict.status : `${verdict.status}: ${cause.summary}`), tone)];
  }
  yield [];
}

/** With a head, how many lines the logs of each container hold in all. */
function treeOf({ tree }: Moment, head: StoryHead | undefined, now: Timestamp): readonly Line[] {
  const lines = new Map<string, number>();
  for (const { object, name, ledger } of head?.containers ?? [])
    addTo(lines, `${head?.objects[object]?.uid}/${name}`, ledger.lines);
  const rateOf = (podUid: string, container: string) => {
    const count = lines.get(`${podUid}/${container}`);
    return count === undefined ? undefined : { lines: count, perSecond: undefined };
  };
  return treeLines({ rows: tree.rows(), hidden: 0, now: millisecondsOf(now), rateOf });
}
