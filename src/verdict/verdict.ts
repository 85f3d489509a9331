import { explains, ties } from './causes.ts';
import { changeBefore } from './change-before.ts';
import { namesOfWorkloads } from './dependencies.ts';
import type { Facts } from './facts.ts';
import type { Found, Rule } from './finding.ts';
import { RULES } from './rules.ts';
import { isWell, workloadOf } from './wellness.ts';

/** A finding as the story tells it. */
export type VerdictFinding = {
  readonly rule: string;
  readonly summary: string;
  readonly object: number;
  readonly container?: number;
  /** When it began. */
  readonly time: string;
  /** `seq` of the entries that show it. */
  readonly evidence: number[];
  /** What was changed before it, and by whom. */
  readonly after?: string;
  /** The last lines before it. */
  readonly lines?: string[];
  readonly over: boolean;
};

/**
 * What became of the targets: `failed` where something is wrong at the end, `recovered` where something was and all of
 * it is over, `unknown` where nothing was found but not all targets were seen well.
 */
export type Verdict = {
  readonly status: 'healthy' | 'recovered' | 'failed' | 'unknown';
  readonly firstCause?: VerdictFinding;
  /** What followed from it, in order. */
  readonly consequences: VerdictFinding[];
  /** What failed as well, of other workloads, without anything that ties it to the first cause. */
  readonly unrelated?: VerdictFinding[];
  /** What went wrong before it, and was over by then. */
  readonly earlier?: VerdictFinding[];
};

const MAX_TOLD = 20;
/** Each finding is compared with each: of a story in which very much failed, the earliest that are not over, and the earliest. */
const MAX_COMPARED = 150;
const MAX_EVIDENCE = 12;

/** Applies the rules and orders what they find by cause. Pure. */
export function verdictOf(facts: Facts, rules: readonly Rule[] = RULES): Verdict {
  const found = toldOf(facts, settled(compared(findAll(facts, rules))));
  if (found.length === 0) return { status: statusWithout(facts), consequences: [] };
  const isFailed = found.some(({ isOver }) => !isOver);
  const causes = causesOf(facts, found, explains);
  const first = firstOf(found, causes, isFailed);
  const [earlier, later] = [found.filter((one) => isBefore(one, first, causes)), found.filter((one) => one !== first)];
  const tied = tiedTo(facts, first, found);
  const { consequences = [], unrelated: others = [] } = Object.groupBy(
    later.filter((one) => !earlier.includes(one)),
    (one) => (tied.has(one.workload) ? 'consequences' : 'unrelated'),
  );
  const unrelated = others.filter((one) => !others.some((fault) => isShownBy(facts, fault, one)));
  return {
    status: isFailed ? 'failed' : 'recovered',
    firstCause: withChange(facts, first, told(withEffect(facts, first, found))),
    consequences: consequences.slice(0, MAX_TOLD).map(told),
    ...(unrelated.length === 0 ? {} : { unrelated: unrelated.slice(0, MAX_TOLD).map(told) }),
    ...(earlier.length === 0 ? {} : { earlier: earlier.slice(0, MAX_TOLD).map(told) }),
  };
}

/** Everything that the rules find, in the order in which it began; the same fault of pods of one owner is one. */
function findAll(facts: Facts, rules: readonly Rule[]): readonly Found[] {
  const names = namesOfWorkloads(facts);
  const all = rules.flatMap((rule) =>
    rule.find(facts).map((finding): Found => {
      const workload = workloadOf(facts, finding.object)?.index ?? finding.object;
      return { ...finding, rule: rule.name, role: rule.role, workload, names: names.get(workload) ?? [] };
    }),
  );
  const groups = Map.groupBy(all, ({ rule, object, key }) => {
    const { kind, owners } = facts.objects[object] ?? { kind: '', owners: [] };
    return [rule, kind === 'Pod' ? (owners[0] ?? `pod ${object}`) : object, key].join('\n');
  });
  return [...groups.values()].flatMap(merged).sort((a, b) => a.onset.seq - b.onset.seq);
}

function merged(group: readonly Found[]): Found[] {
  const [first, ...others] = group.toSorted((a, b) => a.onset.seq - b.onset.seq);
  if (first === undefined) return [];
  const pods = new Set(group.map(({ object }) => object)).size;
  const summary = pods > 1 ? `${first.summary} (and ${pods - 1} more ${pods === 2 ? 'pod' : 'pods'})` : first.summary;
  const evidence = [...first.evidence, ...others.flatMap(({ evidence: [one] }) => one ?? [])];
  const last = group.reduce((latest, one) => (one.last.seq > latest.seq ? one.last : latest), first.last);
  const isOver = group.every((one) => one.isOver);
  const isPast = group.every((one) => one.isOver || one.isPast);
  return [{ ...first, summary, evidence, last, isOver, isPast }];
}

function compared(found: readonly Found[]): readonly Found[] {
  const faults = found.filter(({ role }) => role !== 'trigger');
  if (faults.length <= MAX_COMPARED) return found;
  const bad = faults.filter(({ isOver }) => !isOver).slice(0, MAX_COMPARED);
  const some = new Set([...bad, ...faults.slice(0, MAX_COMPARED)]);
  return found.filter((one) => one.role === 'trigger' || some.has(one));
}

/** A workload that is not well for another fault, which goes on, is so no more for one that is past. */
function settled(found: readonly Found[]): readonly Found[] {
  const goOn = found.filter(
    ({ role, isOver, isPast }) => (role === 'own' || role === 'dependent') && !isOver && !isPast,
  );
  const isElsewhere = ({ workload }: Found) => goOn.some((other) => other.workload === workload);
  return found.map((one) => (one.isPast && isElsewhere(one) ? { ...one, isOver: true } : one));
}

/** Triggers are told where they explain something, and that a target is not ready where nothing else does. */
function toldOf(facts: Facts, found: readonly Found[]): readonly Found[] {
  const faults = found.filter(({ role }) => role !== 'trigger');
  const reasons = faults.filter(({ rule }) => rule !== 'not-ready');
  return found.filter((one) => {
    if (one.rule === 'not-ready') return reasons.every(({ isOver }) => isOver);
    if (one.isSlight === true)
      return reasons.some((reason) => reason.isSlight !== true && explains(facts, reason, one));
    return one.role !== 'trigger' || isNewest(facts, one, found, faults);
  });
}

/** Of several changes of one configuration the newest before a fault is its trigger. */
function isNewest(facts: Facts, trigger: Found, found: readonly Found[], faults: readonly Found[]): boolean {
  const others = found.filter(
    (one) => one.role === 'trigger' && one.object === trigger.object && one.onset.seq > trigger.onset.seq,
  );
  return faults.some(
    (fault) => explains(facts, trigger, fault) && !others.some((other) => explains(facts, other, fault)),
  );
}

/** Whether something only shows another fault once more, that is told beside it. */
function isShownBy(facts: Facts, fault: Found, symptom: Found): boolean {
  return symptom.role === 'symptom' && fault.role !== 'symptom' && explains(facts, fault, symptom);
}

type Causes = ReadonlyMap<Found, ReadonlySet<Found>>;

/** For each finding those that explain it, directly or by others between. */
function causesOf(facts: Facts, found: readonly Found[], by: typeof explains): Causes {
  const direct = new Map(found.map((effect) => [effect, found.filter((cause) => by(facts, cause, effect))]));
  return new Map(
    found.map((one) => {
      const all = new Set<Found>();
      const pending = [...(direct.get(one) ?? [])];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        if (all.has(next)) continue;
        all.add(next);
        pending.push(...(direct.get(next) ?? []));
      }
      return [one, all] as const;
    }),
  );
}

/**
 * The first of those that nothing explains; of a story that ends badly, of those that led there. Where findings explain
 * each other in a circle, the first of these.
 */
function firstOf(found: readonly Found[], causes: Causes, isFailed: boolean): Found {
  const bad = found.filter(({ isOver }) => !isFailed || !isOver);
  const led = found.filter((one) => bad.includes(one) || bad.some((effect) => causes.get(effect)?.has(one)));
  const roots = led.filter((one) => [...(causes.get(one) ?? [])].every((cause) => causes.get(cause)?.has(one)));
  // What only shows that something failed is not the cause of what failed in the same workload after it.
  const root = roots.find(
    ({ role, workload }) =>
      role !== 'symptom' || !roots.some((other) => other.role !== 'symptom' && other.workload === workload),
  );
  const first = root ?? led[0] ?? found[0];
  if (first === undefined) throw new Error('a verdict without findings has no first cause');
  return first;
}

function isBefore(one: Found, first: Found, causes: Causes): boolean {
  return one !== first && one.onset.seq < first.onset.seq && causes.get(one)?.has(first) !== true;
}

/** The workloads of the first cause and of all that is tied to it. */
function tiedTo(facts: Facts, first: Found, found: readonly Found[]): ReadonlySet<number> {
  const tied = causesOf(facts, found, ties);
  const isTied = (one: Found) =>
    one === first || tied.get(one)?.has(first) === true || tied.get(first)?.has(one) === true;
  return new Set(found.filter(isTied).map(({ workload }) => workload));
}

/** A trigger alone is no fault: it is told with the first one that came of it. */
function withEffect(facts: Facts, first: Found, found: readonly Found[]): Found {
  const effect = first.role === 'trigger' ? found.find((one) => explains(facts, first, one)) : undefined;
  return effect === undefined ? first : { ...first, summary: `${first.summary} ${effect.summary}` };
}

function withChange(facts: Facts, first: Found, finding: VerdictFinding): VerdictFinding {
  const change = changeBefore(facts, first);
  return change === undefined
    ? finding
    : { ...finding, after: change.text, evidence: [...new Set([...finding.evidence, change.seq])] };
}

function told({ rule, summary, object, container, onset, evidence, lines, isOver }: Found): VerdictFinding {
  return {
    rule,
    summary,
    object,
    ...(container === undefined ? {} : { container }),
    time: onset.time,
    evidence: [...new Set(evidence)].slice(0, MAX_EVIDENCE),
    ...(lines === undefined || lines.length === 0 ? {} : { lines: [...lines] }),
    over: isOver,
  };
}

/** Nothing was found: then all is well only where the targets were seen so. */
function statusWithout(facts: Facts): Verdict['status'] {
  const roots = facts.roots.map((index) => facts.objects[index]);
  const living = roots.filter(
    (root) => root !== undefined && root.deleted === undefined && root.deletionRequested === undefined,
  );
  if (roots.length === 0) return 'unknown';
  return living.every((root) => isWell(facts, root)) ? 'healthy' : 'unknown';
}
