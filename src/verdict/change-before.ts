import { containersOf } from '../model/container-specs.ts';
import { field, path, textOf } from '../model/fields.ts';
import { type Facts, type ObjectFacts, type Rollout, secondsBetween } from './facts.ts';
import { type Found, nameOf, ofKind } from './finding.ts';
import { nodeOf } from './rules/node-lost.ts';
import { brief } from './text.ts';

/** What changed longer ago than this is told by nobody as the reason of a fault. */
const NEAR_SECONDS = 600;

/** The reason of a pod's disruption by the eviction API. */
const EVICTION = 'EvictionByEvictionAPI';
/** The watch of Nodes may tell of a change a little later than that of pods tells what came of it. */
const LATE_SECONDS = 2;

interface Change {
  readonly text: string;
  readonly seq: number;
}

/** The newest change before a fault that bears on it: not the cause by itself, but what came before. */
export function changeBefore(facts: Facts, found: Found): Change | undefined {
  return cordonBefore(facts, found) ?? rolloutBefore(facts, found);
}

/** Of a node that no pod could be placed on any more, or that pods were evicted from, as `kubectl drain` does it. */
function cordonBefore(facts: Facts, { rule, key, object, summary, onset }: Found): Change | undefined {
  const pod = facts.objects[object];
  const isOfNode =
    rule === 'unschedulable'
      ? () => summary.includes('unschedulable')
      : (node: string) => rule === 'eviction' && key === EVICTION && pod !== undefined && nodeOf(pod) === node;
  const [newest] = ofKind(facts, 'Node')
    .filter(({ name }) => isOfNode(name))
    .flatMap((node) =>
      node.cordons.map((cordon) => ({ node, cordon, seconds: secondsBetween(cordon.time, onset.time) })),
    )
    .filter(({ seconds }) => seconds >= -LATE_SECONDS && seconds <= NEAR_SECONDS)
    .sort((a, b) => a.seconds - b.seconds);
  if (newest === undefined) return undefined;
  const { node, cordon, seconds } = newest;
  return { text: `${nameOf(node)} was cordoned${byAndWhen(seconds, cordon.manager)}`, seq: cordon.seq };
}

/** The newest change of a workload's template before a fault of it. */
function rolloutBefore(facts: Facts, found: Found): Change | undefined {
  const workload = facts.objects[found.workload];
  const rollouts = workload?.rollouts ?? [];
  const index = rollouts.findLastIndex(({ from }) => from.seq <= found.onset.seq);
  const rollout = rollouts[index];
  if (workload === undefined || rollout === undefined || isFoundSo(workload, rollout)) return undefined;
  // Nobody changed anything where its owner made it: a CronJob's Job comes by itself.
  if (index === 0 && workload.owners.length > 0) return undefined;
  const seconds = secondsBetween(rollout.from.time, found.onset.time);
  if (seconds > NEAR_SECONDS) return undefined;
  const what = whatChanged(rollouts[index - 1], rollout);
  return { text: `${nameOf(workload)} ${what}${byAndWhen(seconds, rollout.manager)}`, seq: rollout.from.seq };
}

function byAndWhen(seconds: number, manager: string | undefined): string {
  const by = manager === undefined ? '' : ` by ${brief(manager, 60)}`;
  return `${by} ${seconds < 1 ? 'just before' : `${Math.round(seconds)} s before`}`;
}

function isFoundSo({ isNew, first }: ObjectFacts, { from }: Rollout): boolean {
  return !isNew && first?.seq === from.seq;
}

function whatChanged(before: Rollout | undefined, after: Rollout): string {
  if (before === undefined) return 'was created';
  if (!after.isSpec) return 'was restarted';
  const [old, images] = [before, after].map(imagesOf);
  const changes = [...(images ?? [])].flatMap(([name, image]) => {
    const was = old?.get(name);
    return was === undefined || was === image ? [] : `image of ${name} from ${was} to ${image}`;
  });
  return changes.length === 0 ? 'was changed' : `was changed (${brief(changes.join(', '), 300)})`;
}

function imagesOf({ template }: Rollout): ReadonlyMap<string, string> {
  return new Map(
    containersOf(path(JSON.parse(template), 'spec')).flatMap((container) => {
      const [name, image] = ['name', 'image'].map((part) => textOf(field(container, part)));
      return name === undefined || image === undefined ? [] : [[name, image] as const];
    }),
  );
}
