import type { EventFact, Facts, Moment, ObjectFacts } from '../facts.ts';
import { evidenceOf, type Finding, nameOf, ofKind, type Rule } from '../finding.ts';
import { hasStartedAfter, isPodOver } from '../wellness.ts';

/** A pod whose containers cannot be made because a ConfigMap, a Secret, or a key of one is not there. */
export const missingConfig: Rule = {
  name: 'missing-config',
  role: 'own',
  find: (facts) => ofKind(facts, 'Pod').flatMap((pod) => findingsOf(facts, pod)),
};

/** Something that is missing: `ConfigMap limits`, or `key on of Secret payment`. */
export function missingIn(message: string): string | undefined {
  const whole = /\b(configmap|secret) "([^"]{1,253})" not found/i.exec(message);
  if (whole !== null) return `${kindOf(whole[1])} ${whole[2]}`;
  const key = /couldn't find key (\S{1,253}) in (ConfigMap|Secret) (?:[^/\s]{1,63}\/)?(\S{1,253})/i.exec(message);
  if (key !== null) return `key ${key[1]} of ${kindOf(key[2])} ${key[3]}`;
  const item = /references non-existent (config|secret) key: (\S{1,253})/i.exec(message);
  return item === null ? undefined : `key ${item[2]} of a ${item[1] === 'secret' ? 'Secret' : 'ConfigMap'}`;
}

function kindOf(word = ''): string {
  return word.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap';
}

interface Sign {
  readonly what: string;
  readonly moments: readonly Moment[];
  /** How often it was tried, or what comes to the same. */
  readonly count: number;
}

/** A mount that fails and succeeds a moment later is a race that Kubernetes is made for. */
const RACE = 3;

function findingsOf(facts: Facts, pod: ObjectFacts): Finding[] {
  const waits = pod.waits.flatMap(({ message, from }): Sign[] => signOf(message, [from], RACE));
  const mounts = pod.events
    .filter(isMount)
    .flatMap(({ message, moments, count }): Sign[] => signOf(message, moments, count));
  const hasRun = pod.runs.some(({ kind, started }) => kind === 'regular' && started !== undefined);
  return [...Map.groupBy([...waits, ...mounts], ({ what }) => what)].flatMap(([what, signs]) => {
    const moments = signs.flatMap((sign) => sign.moments).sort((a, b) => a.seq - b.seq);
    const [first, last] = [moments[0], moments.at(-1)];
    const isRace = hasRun && signs.reduce((sum, { count }) => sum + count, 0) < RACE;
    if (first === undefined || last === undefined || isRace) return [];
    const summary = `${what} is not there, which ${nameOf(pod)} needs`;
    const common = { summary, object: pod.index, evidence: evidenceOf(first, last), key: what };
    const isPast = hasStartedAfter(pod, last);
    return [{ ...common, onset: first, last, isOver: isPodOver(facts, pod), isPast, mentions: what }];
  });
}

function signOf(message: string, moments: readonly Moment[], count: number): Sign[] {
  const what = missingIn(message);
  return what === undefined || what.endsWith(' kube-root-ca.crt') ? [] : [{ what, moments, count }];
}

function isMount({ reason }: EventFact): boolean {
  return reason === 'FailedMount';
}
