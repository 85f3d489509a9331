import { namesAny, usesConfig } from './dependencies.ts';
import { type Facts, secondsBetween } from './facts.ts';
import type { Found } from './finding.ts';
import { nodeOf } from './rules/node-lost.ts';

/** What fails for want of something else does so within this after it. */
const FOLLOWS_SECONDS = 60;
/** A changed configuration shows at the next start, which may take a while. */
const CHANGE_SECONDS = 600;

/** Whether one finding is why another came to be. */
export function explains(facts: Facts, cause: Found, effect: Found): boolean {
  if (cause === effect) return false;
  if (cause.role === 'trigger') return isTriggered(facts, cause, effect);
  if (effect.role === 'trigger') return false;
  if (cause.rule === 'node-lost' && isOnNode(facts, cause, effect)) return cause.onset.seq < effect.onset.seq;
  if (cause.workload === effect.workload) return isWithin(cause, effect);
  return effect.role === 'dependent' && cause.role !== 'symptom' && isDependent(cause, effect);
}

/** Whether one explains another by more than that it came soon before it: in one workload, on one node, by a name or a change. */
export function ties(facts: Facts, cause: Found, effect: Found): boolean {
  if (!explains(facts, cause, effect)) return false;
  if (cause.role === 'trigger' || cause.workload === effect.workload) return true;
  if (cause.rule === 'node-lost' && isOnNode(facts, cause, effect)) return true;
  return namesAny(cause.names, effect.mentions ?? '');
}

/** In one workload faults explain what only shows that something failed, and the first explains what came of it. */
function isWithin(cause: Found, effect: Found): boolean {
  if (effect.role !== 'symptom') return false;
  if (cause.role !== 'symptom') return cause.onset.seq <= effect.last.seq;
  return cause.onset.seq < effect.onset.seq;
}

/** Something else failed before and had not been well for long; or later, but this one names it. */
function isDependent(cause: Found, effect: Found): boolean {
  const isBefore = cause.onset.seq < effect.onset.seq;
  if (isBefore && secondsBetween(cause.last.time, effect.onset.time) <= FOLLOWS_SECONDS) return true;
  // What never came up may be told later than what failed for want of it: pulling an image takes its time.
  const isNear = secondsBetween(effect.last.time, cause.onset.time) <= FOLLOWS_SECONDS;
  return isNear && namesAny(cause.names, effect.mentions ?? '');
}

function isOnNode(facts: Facts, cause: Found, effect: Found): boolean {
  const object = facts.objects[effect.object];
  return object !== undefined && nodeOf(object) === cause.key;
}

/** What uses the configuration failed after it changed, and its template had not changed as well. */
function isTriggered(facts: Facts, cause: Found, effect: Found): boolean {
  const [config, pod] = [facts.objects[cause.object], facts.objects[effect.object]];
  const isOfConfig =
    effect.role === 'dependent' || effect.rule === 'missing-config' || effect.rule === 'container-config';
  if (config === undefined || pod === undefined || !isOfConfig || !usesConfig(pod, config)) return false;
  const after = secondsBetween(cause.onset.time, effect.onset.time);
  const isAfter = cause.onset.seq < effect.onset.seq && after <= CHANGE_SECONDS;
  const rollouts = facts.objects[effect.workload]?.rollouts ?? [];
  const isOther = rollouts.some(
    ({ from, isSpec }) =>
      isSpec && from.seq < effect.onset.seq && secondsBetween(from.time, effect.onset.time) <= CHANGE_SECONDS,
  );
  return isAfter && !isOther;
}
