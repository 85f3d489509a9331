import assert from 'node:assert/strict';
import type { ContainerLog, WrittenLine } from '../../../src/demo/container-log.ts';
import { millisecondsOf } from '../../../src/model/time.ts';
import { covers, type Interval, isWithin, SLACK_MS, shown } from './intervals.ts';
import { type Judged, judgedFrom } from './judge.ts';
import type { RecordedLog } from './recorded.ts';
import type { Verdict } from './verdict.ts';

/** One run of a container: what it wrote, and what was recorded of it. */
interface JudgedRun {
  readonly key: string;
  readonly run: ContainerLog;
  /** All that it wrote, as it is recorded. */
  readonly wrote: readonly string[];
  /** What it wrote until the recording ended. */
  readonly truth: readonly WrittenLine[];
  readonly log: RecordedLog | undefined;
  /** Where its lines may be missing, by its node's clock. */
  readonly gaps: readonly Interval[];
  readonly slack: number;
  /** Its lines came by the pod log API alone, which loses some though the files hold them. */
  readonly isByStream: boolean;
}

/** Compares the lines of every run with what was recorded of it. */
export function judgeLogs(judged: Judged): void {
  const { verdict } = judged;
  for (const run of runsOf(judged)) {
    count(run, verdict);
    judgeRun(run);
    // Of one that ended early the last logs may have yet to be opened.
    const mayLack = judged.isKilled || judged.firstLists !== undefined;
    assert.ok(mayLack || !isNeedless(run), `a gap while the files held all: ${run.key} (${shown(run.gaps)})`);
  }
}

function* runsOf(judged: Judged): Generator<JudgedRun> {
  const { cluster, skewMs, to, recorded, isKilled, past, route, firstLists } = judged;
  const from = judgedFrom(judged, 'pods');
  const ofPods = recorded.gaps.get('pods') ?? [];
  for (const node of cluster.nodes) {
    const nodeSkew = node.clock.now() - cluster.api.clock.now();
    const slack = SLACK_MS + Math.abs(nodeSkew) + Math.abs(skewMs);
    const isByStream = route === 'stream' || node.fileAccess !== 'served';
    for (const [container, siblings] of node.allRuns()) {
      for (const run of siblings) {
        const key = `${container}/${run.restart}`;
        const log = recorded.logs.get(key);
        const truth = run.lines.filter(({ time }) => millisecondsOf(time) - nodeSkew < to);
        const last = truth.at(-1);
        if (log === undefined && (last === undefined || millisecondsOf(last.time) - nodeSkew < from)) continue;
        if (log === undefined && isKilled) continue; // not heard of yet
        if (past.has(container.slice(0, container.indexOf('/')))) continue;
        // A run that came and went while nobody could look lies in a gap of all pods; of a pod that did, to its end: its
        // node may not have heard that it was gone.
        const isUnheard = !recorded.states.has(container.slice(0, container.indexOf('/')));
        // Of one that was there before the first lists, or when pods were refused at first, all is missing.
        const isOfFirst = (gap: Interval) => firstLists !== undefined || covers([gap], from + skewMs, SLACK_MS);
        const ofType = ofPods.map((gap) => ({
          from: isUnheard && isOfFirst(gap) ? 0 : gap.from - skewMs + nodeSkew,
          to: (isUnheard ? to : gap.to - skewMs) + nodeSkew,
        }));
        const ofSiblings = siblings.flatMap(({ restart }) => recorded.logs.get(`${container}/${restart}`)?.gaps ?? []);
        // Its node could not be asked in time, and it had ended before that could be.
        const isInstead = log?.isOfStream === true && wasRefused(recorded.notes, node.name);
        const isOfStream = isByStream || isInstead;
        const wrote = run.lines.map(({ time, text }) => `${time} ${text}`);
        yield {
          key,
          run,
          wrote,
          truth,
          log,
          gaps: log?.gaps ?? [...ofType, ...ofSiblings],
          slack,
          isByStream: isOfStream,
        };
      }
    }
  }
}

function wasRefused(notes: readonly string[], node: string): boolean {
  return notes.some((text) => text.startsWith(`node ${node} does not let its log files be read (`));
}

function count({ wrote, truth, log, gaps }: JudgedRun, verdict: Verdict): void {
  const has = new Set(log?.lines);
  const isRecorded = (at: number) => has.has(wrote[at] ?? '');
  const missing = truth.filter((_, at) => !isRecorded(at)).length;
  verdict.instances += 1;
  verdict.lines += truth.length;
  verdict.linesMissing += missing;
  if (gaps.length > 0)
    verdict.linesInGaps += truth.filter(
      ({ time }, at) => isWithin(gaps, millisecondsOf(time)) && isRecorded(at),
    ).length;
  if (missing === 0 && log !== undefined && (log.gaps.length > 0 || !log.isProven)) verdict.overstated += 1;
}

/**
 * While the files exist, nothing need be missing. Of four that were rotated an older one may have been removed; and of any
 * where the node's settings came later than its files could be read.
 */
function isNeedless({ run, log, isByStream }: JudgedRun): boolean {
  return !isByStream && run.isKept && run.rotations < 4 && log?.isMissing === true;
}

/** Exact, or a stated gap that covers what is missing; anything else throws. */
function judgeRun({ key, wrote, truth, log, gaps, slack }: JudgedRun): void {
  const lines = log?.lines ?? [];
  assert.equal(new Set(lines).size, lines.length, `a line twice: ${key}`);
  const places = new Map(wrote.map((line, at) => [line, at]));
  let last = -1;
  for (const line of lines) {
    const at = places.get(line);
    // A line that lost its head at a rotation is one that is missing.
    if (at === undefined) assert.ok(isStated(line), `a line that never was: ${key}: ${line.slice(0, 90)}`);
    else assert.ok(at > last, `a line out of order: ${key}: ${line.slice(0, 90)}`);
    last = at ?? last;
  }
  const has = new Set(lines);
  const missing = wrote.slice(0, truth.length).filter((line) => !has.has(line));
  const what = `of ${truth.length} lines of ${key}, the first: ${missing[0]?.slice(0, 60)}`;
  assert.ok(missing.length === 0 || log?.isProven !== true, `called proven without ${missing.length} ${what}`);
  const unstated = missing.filter((line) => !isStated(line));
  assert.equal(unstated.length, 0, `no gap covers ${unstated.length} ${what} (gaps: ${shown(gaps)})`);

  function isStated(line: string): boolean {
    return covers(gaps, Date.parse(`${line.slice(0, 23)}Z`), slack);
  }
}
