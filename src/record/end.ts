import { durationText } from '../model/duration.ts';
import type { Root } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { CrashLoops } from './crash-loops.ts';
import { type Goal, type GoalState, goalState, unmet } from './goal.ts';
import type { Placement } from './placement.ts';
import type { RecordLog } from './record-log.ts';

/** When a recording ends. An interrupt always ends it. */
export interface EndConditions {
  readonly until: Goal | undefined;
  /** Milliseconds in all; then the recording ends well, unless it has a goal: that was not met. */
  readonly forMs: number | undefined;
  /** Milliseconds for the goal; then it has failed. */
  readonly timeoutMs: number | undefined;
  /** What these were in all, where an earlier recorder has spent some of them. */
  readonly given?: Pick<EndConditions, 'forMs' | 'timeoutMs'>;
  /** Milliseconds that the recording goes on after the goal is met or has failed, and that it must stay so. */
  readonly settleMs: number;
  /** Nothing is judged and no time counts before this resolves: the end of a command that changes what is recorded. */
  readonly after?: Promise<void>;
  /** A root that does not exist fails the goal instead of being waited for; only right after a command. */
  readonly mustExist?: boolean;
}

/** How a recording ended: `ended` as it stands in the story, and whether its goal was met. */
export interface RecordResult {
  readonly ended: string;
  readonly goal: 'none' | 'met' | 'failed';
  readonly reason: string;
}

export interface Recording {
  readonly clock: Clock;
  readonly roots: readonly Root[];
  readonly placement: Pick<Placement, 'revision' | 'recorded' | 'isMember'>;
  /** Resolves when what there is of the targets was listed, or is refused, and recorded. */
  readonly listed: () => Promise<void>;
  /** What of it was not yet, a sentence each. */
  readonly awaited: () => readonly string[];
  readonly log: Pick<RecordLog, 'warn'>;
  /** Resolves when the recorded states are at least as new as what the server says now. */
  readonly catchUp: (signal: AbortSignal) => Promise<void>;
}

/** How often a goal is judged again, if anything changed. */
const JUDGE_MS = 100;
/** After so long it is said what a goal waits for that could not be listed; then after twice as long, and so on up to the longest. */
const SAY_MS = 10_000;
const LONGEST_SAY_MS = 300_000;

/** Resolves when a condition holds or `signal` aborts. */
export async function reachEnd(end: EndConditions, recording: Recording, signal: AbortSignal): Promise<RecordResult> {
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  const begun = begin(end, recording, either);
  begun.catch(() => undefined); // told to those that await it
  let isListed = false;
  void recording.listed().then(() => {
    isListed = true;
  });
  const after = (which: 'forMs' | 'timeoutMs'): Promise<RecordResult> => {
    const { until, given = end, [which]: ms } = end;
    if (ms === undefined) return never(either);
    const passed = begun.then(() => recording.clock.sleep(ms, either));
    if (until === undefined && which === 'forMs')
      return passed.then(() => ({ ended: 'for', goal: 'none', reason: '' }));
    const reason = () => timeoutReason(end, recording, { isListed, withinMs: given[which] ?? ms });
    return passed.then(() => ({ ended: 'timeout', goal: 'failed', reason: reason() }));
  };
  try {
    return await Promise.race([
      begun.then(() => reachGoal(end, recording, either)),
      after('forMs'),
      after('timeoutMs'),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
    // Whoever ends a recording may say why: an abort's reason in a word.
    const ended = typeof signal.reason === 'string' ? signal.reason : 'interrupted';
    return { ended, goal: 'none', reason: '' };
  } finally {
    others.abort();
  }
}

const TARGETS_NAMED = 5;

/** How long was waited, and for which targets; where all meet the goal, they have not done so for long enough. */
function timeoutReason(
  { until, settleMs, mustExist = false }: EndConditions,
  { roots, placement }: Recording,
  { isListed, withinMs }: { readonly isListed: boolean; readonly withinMs: number },
): string {
  const missed = `not ${until} within ${durationText(withinMs)}`;
  if (until === undefined) return missed;
  const states = unmet(until, { roots, recorded: placement.recorded, mustExist });
  const why = isListed ? `not yet for ${durationText(settleMs)}` : 'what belongs to it had not been listed yet';
  if (states.length === 0) return `${missed}: ${until} at last, but ${why}`;
  const reasons = states.slice(0, TARGETS_NAMED).map(({ reason }) => reason);
  const more = states.length - reasons.length;
  return `${missed}: ${reasons.join('; ')}${more === 0 ? '' : `; and ${more} more`}`;
}

/** What was true before a command may still stand in the recorded states for a moment after it. */
async function begin({ after }: EndConditions, { catchUp }: Recording, signal: AbortSignal): Promise<void> {
  if (after === undefined) return;
  await Promise.race([after, never(signal)]);
  await catchUp(signal);
}

async function reachGoal(end: EndConditions, recording: Recording, signal: AbortSignal): Promise<RecordResult> {
  const { until, settleMs } = end;
  if (until === undefined) return never(signal);
  const judge = judgeOf(until, end, recording);
  void sayAwaited(end, recording, signal);
  for (;;) {
    const reached = await decided(judge, recording, signal);
    const now = await settled(judge, reached, { ...recording, settleMs }, signal);
    if (now === undefined) continue;
    // A target may have ended long ago: the story is not over before what belongs to it is known.
    await Promise.race([recording.listed(), never(signal)]);
    if (judge().state !== now.state) continue;
    if (now.state === 'failed') return { ended: `until:${until} failed`, goal: 'failed', reason: now.reason };
    return { ended: `until:${until}`, goal: 'met', reason: '' };
  }
}

/** Whatever the goal says, it ends nothing before these lists are answered; a server that fails for ever keeps it so. */
async function sayAwaited(
  { forMs, timeoutMs = forMs }: EndConditions,
  { clock, awaited, log }: Recording,
  signal: AbortSignal,
) {
  const way = timeoutMs === undefined ? '; --timeout would end that, Ctrl-C does' : '';
  for (let pause = SAY_MS; !signal.aborted; ) {
    await clock.sleep(pause, signal).catch(() => undefined); // over
    const waitingFor = awaited();
    if (signal.aborted) return;
    if (waitingFor.length > 0) log.warn({ waitingFor }, `--until waits for what could not be listed yet${way}`);
    pause = waitingFor.length > 0 ? Math.min(2 * pause, LONGEST_SAY_MS) : SAY_MS;
  }
}

/** What decides a goal as things stand; after a command also that something crashes again and again. */
function judgeOf(goal: Goal, { after, mustExist = false }: EndConditions, { roots, placement }: Recording) {
  const members = () => [...placement.recorded].filter(({ object }) => placement.isMember(object.metadata.uid));
  const loops = goal === 'ready' && after !== undefined ? new CrashLoops(members()) : undefined;
  return (): GoalState => {
    const state = goalState(goal, { roots, recorded: placement.recorded, mustExist });
    const reason = state.state === 'failed' ? undefined : loops?.reason(members());
    return reason === undefined ? state : { state: 'failed', reason };
  };
}

/**
 * The state after the time to settle; undefined where it was another in between: a pod may have become unready, even for
 * a moment as in a crash loop, or a failed rollout have been mended.
 */
async function settled(
  judge: () => GoalState,
  { state }: GoalState,
  { clock, placement, settleMs }: Recording & { readonly settleMs: number },
  signal: AbortSignal,
): Promise<GoalState | undefined> {
  const until = clock.now() + settleMs;
  for (let judged = -1; ; ) {
    if (placement.revision !== judged && judge().state !== state) return undefined;
    judged = placement.revision;
    const rest = until - clock.now();
    if (rest <= 0) return judge();
    await clock.sleep(Math.min(rest, JUDGE_MS), signal);
  }
}

async function decided(
  judge: () => GoalState,
  { clock, placement }: Recording,
  signal: AbortSignal,
): Promise<GoalState> {
  for (let judged = -1; ; await clock.sleep(JUDGE_MS, signal)) {
    if (placement.revision === judged) continue;
    judged = placement.revision;
    const state = judge();
    if (state.state !== 'waiting') return state;
  }
}

/** Rejects when the signal aborts, and does nothing else. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
