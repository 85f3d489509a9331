import { settingsText } from '../dependencies.ts';
import { type End, failedEnds, specOf } from '../ends.ts';
import { type Facts, type Moment, secondsBetween } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, type Rule } from '../finding.ts';
import { brief, coreOf } from '../text.ts';
import { isPodOver } from '../wellness.ts';

/** Ends that belong together: those of one container of one pod. */
export type Ends = readonly [End, ...End[]];

/** A container that ended by itself, once. */
export const crash: Rule = {
  name: 'crash',
  role: 'dependent',
  find: (facts) => crashed(facts).flatMap((ends) => (isLoop(ends) ? [] : [crashFinding(facts, ends)])),
};

/** A container that ends again and again, or whose next start the kubelet delays. */
export const crashLoop: Rule = {
  name: 'crash-loop',
  role: 'dependent',
  find: (facts) => crashed(facts).flatMap((ends) => (isLoop(ends) ? [crashFinding(facts, ends)] : [])),
};

function crashed(facts: Facts): readonly Ends[] {
  // A container that is to run for ever may well end with 0 once: only when it does so again it is a fault.
  return endsBy(facts, 'crash', 'finished').filter(
    (ends) => ends.some(({ cause }) => cause === 'crash') || isLoop(ends),
  );
}

/** The ends of all containers by one of these causes; of Jobs that did their work in spite of them, none. */
export function endsBy(facts: Facts, ...causes: readonly End['cause'][]): readonly Ends[] {
  return [...failedEnds(facts).values()].flatMap((all) => {
    const [first, ...rest] = all.filter(({ cause }) => causes.includes(cause));
    if (first === undefined || isRetried(facts, first)) return [];
    return [[first, ...rest] as const];
  });
}

/** A Job tries again: that is what it is for. */
function isRetried(facts: Facts, { pod }: End): boolean {
  const owner = facts.objects[pod.owners[0] ?? -1];
  return owner?.kind === 'Job' && isPodOver(facts, pod);
}

function isLoop(ends: Ends): boolean {
  const [{ pod, run }] = ends;
  return (
    ends.length > 1 ||
    pod.waits.some(({ container, reason }) => container === run.name && reason === 'CrashLoopBackOff')
  );
}

/** The finding of a container that ended by itself, with the last lines before its newest end. */
export function crashFinding(facts: Facts, ends: Ends): Finding {
  const [first] = ends;
  const newest = ends.at(-1) ?? first;
  const lines = newest.run.lines;
  const said = lines.at(-1)?.text ?? '';
  const times = ends.length > 1 ? `, ${ends.length} times` : '';
  return {
    summary: `container ${first.run.name} of ${nameOf(first.pod)} ${howItEnded(newest)}${times}${said === '' ? '' : `: "${brief(said, 120)}"`}`,
    object: first.pod.index,
    container: newest.run.index,
    evidence: [
      ...evidenceOf(first.at, ...ends.slice(-2).map(({ at }) => at)),
      ...lines.slice(-3).map(({ seq }) => seq),
    ],
    ...spanOf(ends),
    isOver: areEndsOver(facts, ends),
    key: first.run.name,
    lines: lines.map(({ text }) => text),
    mentions: mentionsOf(newest),
  };
}

/** From when to when a container ended again and again. */
export function spanOf(ends: Ends): { readonly onset: Moment; readonly last: Moment } {
  return { onset: ends[0].at, last: (ends.at(-1) ?? ends[0]).at };
}

/** Its lines and its settings may name what it depends on. */
export function mentionsOf({ run, pod }: End): string {
  const settings = settingsText(specOf(pod, run.name));
  return [...run.lines.map(({ text }) => text), run.message ?? '', settings].join('\n');
}

function howItEnded({ at, run }: End): string {
  if (at.reason === 'StartError' || at.reason === 'ContainerCannotRun')
    return `cannot be started: ${coreOf(run.message ?? at.reason)}`;
  const signal = at.signal === undefined || at.signal === 0 ? '' : `, signal ${at.signal}`;
  const code = at.exitCode ?? 'unknown';
  return at.exitCode === 0 ? 'ends with exit code 0 though it is to run for ever' : `exits with code ${code}${signal}`;
}

/** Seconds: what a run must last to be taken for well, at least, and at most, after one end and after several. */
const LASTING = { least: 3, once: 10, loop: 60 };

/**
 * A container that ends again and again is well in between: its newest run must have lasted for longer than those that
 * failed, as far as that is to be waited for.
 */
export function areEndsOver(facts: Facts, ends: Ends): boolean {
  const [{ pod, run }] = ends;
  if (!isPodOver(facts, pod)) return false;
  if (pod.deleted !== undefined || pod.deletionRequested !== undefined) return true;
  const newest = pod.runs.findLast(({ name, started }) => name === run.name && started !== undefined);
  if (newest?.ended !== undefined) return newest.ended.exitCode === 0;
  const longest = Math.max(...ends.map(secondsOf));
  const needed = ends.length > 1 ? Math.min(3 * longest, LASTING.loop) : Math.min(longest, LASTING.once);
  const lasted = newest?.started === undefined ? 0 : secondsBetween(newest.started.time, facts.endTime);
  return lasted >= Math.max(needed, LASTING.least);
}

function secondsOf({ run: { started }, at }: End): number {
  return started === undefined ? 0 : secondsBetween(started.time, at.time);
}
