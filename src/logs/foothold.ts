import type { FilePosition } from '../model/record.ts';
import { type Timestamp, wholeSecondOf } from '../model/time.ts';
import { NOTHING_PENDING } from './cri.ts';
import { CriJoiner } from './cri-lines.ts';
import { firstTimeOf, openFile } from './file-bytes.ts';
import type { FileSuccessionOptions } from './file-succession.ts';
import type { Overlap } from './overlap.ts';
import type { Resume } from './position.ts';
import { positionAfter } from './proof.ts';
import { liveName, rotatedNames } from './rotation.ts';

/** A line of a file, as far as it takes to go on behind it. */
interface LinePlace {
  readonly file: string;
  /** Where its last record begins. */
  readonly offset: number;
  readonly record: Buffer;
  /** Lines were open where it ended: reading cannot go on there. */
  readonly isTorn: boolean;
}

/**
 * Finds in a run's files the lines that came last by the pod log API, in order and whole, as a stream that is opened anew
 * is compared with them; gives the place behind them, where the files go on. Undefined where they are not found.
 */
export async function footholdBehind(
  { resume: { sinceTime, matcher }, last }: { readonly resume: Resume; readonly last: Timestamp },
  options: Omit<FileSuccessionOptions, 'kept'>,
  signal: AbortSignal,
): Promise<FilePosition | undefined> {
  const second = wholeSecondOf(sinceTime);
  const places = new NewestPlaces();
  let overlap: Overlap = { state: 'open' };
  for await (const { text, time, place } of linesFrom(await filesFrom(second, options, signal), options, signal)) {
    if (wholeSecondOf(time) < second) continue;
    places.add(place);
    overlap = matcher.accept(text);
    if (overlap.state !== 'open') break;
  }
  if (overlap.state === 'open') overlap = matcher.end();
  const place = overlap.state === 'joined' && overlap.isWhole ? places.before(overlap.fresh.length) : undefined;
  if (place === undefined || place.isTorn) return undefined;
  const { file, offset, record } = place;
  return positionAfter({ file, offset, bytes: record, last, pending: NOTHING_PENDING });
}

/** Whether a run's files begin no later than a line that is known. */
export async function filesBeginBy(
  first: Timestamp,
  options: Omit<FileSuccessionOptions, 'kept'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { files, folder, restart } = options;
  const live = liveName(restart);
  const [oldest = live] = rotatedNames((await files.list(folder, signal)) ?? [], restart);
  const from = { file: `${folder}${oldest}`, from: 0, mayBeCompressed: oldest !== live };
  const opened = await openFile(options, from, signal);
  const begin = opened === undefined ? undefined : await firstTimeOf(opened);
  return begin !== undefined && begin <= first;
}

/** What may be known to be new at once takes less. */
const KEPT_BYTES = 1024 * 1024;

/** Where the newest lines stand; not all of a second, however much that brought. */
class NewestPlaces {
  readonly #places: LinePlace[] = [];
  #bytes = 0;

  add(place: LinePlace): void {
    this.#places.push(place);
    this.#bytes += place.record.length;
    while (this.#bytes > KEPT_BYTES && this.#places.length > 2) this.#bytes -= this.#places.shift()?.record.length ?? 0;
  }

  /** The line in front of so many last ones; undefined where it is kept no more. */
  before(lines: number): LinePlace | undefined {
    return this.#places.at(-1 - lines);
  }
}

/** The files, oldest first, from the one in which a second begins. */
async function filesFrom(
  second: string,
  options: Omit<FileSuccessionOptions, 'kept'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { files, folder, restart } = options;
  const live = liveName(restart);
  const names = [...rotatedNames((await files.list(folder, signal)) ?? [], restart), live];
  for (let index = names.length - 1; index > 0; index -= 1) {
    const file = `${folder}${names[index]}`;
    const opened = await openFile(options, { file, from: 0, mayBeCompressed: names[index] !== live }, signal);
    const first = opened === undefined ? undefined : await firstTimeOf(opened);
    if (first !== undefined && wholeSecondOf(first) < second) return names.slice(index);
  }
  return names;
}

/** Their lines as the pod log API gives them, without newlines. */
async function* linesFrom(
  names: readonly string[],
  options: Omit<FileSuccessionOptions, 'kept'>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly text: Buffer; readonly time: Timestamp; readonly place: LinePlace }> {
  const { folder, restart } = options;
  const joiner = new CriJoiner();
  for (const file of names) {
    const mayBeCompressed = file !== liveName(restart);
    await using opened = await openFile(options, { file: `${folder}${file}`, from: 0, mayBeCompressed }, signal);
    let base = 0;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of opened?.chunks ?? []) {
      const bytes = Buffer.concat([rest, chunk]);
      const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
      for (const { time, content, end } of joiner.lines(whole)) {
        const start = whole.lastIndexOf(10, end - 2) + 1;
        const place = { file, offset: base + start, record: whole.subarray(start, end), isTorn: joiner.hasOpenLine };
        yield { text: Buffer.concat([Buffer.from(`${time} `, 'latin1'), content]), time, place };
      }
      base += whole.length;
      rest = bytes.subarray(whole.length);
    }
  }
}
