import { containersOf } from '../model/container-specs.ts';
import { field, path, textOf } from '../model/fields.ts';
import { type Facts, type ObjectFacts, type Rollout, secondsBetween } from './facts.ts';
import { type Found, nameOf } from './finding.ts';
import { brief } from './text.ts';

/** What changed longer ago than this is told by nobody as the reason of a fault. */
const NEAR_SECONDS = 600;

/** The newest change of a workload's template before a fault of it: not the cause by itself, but what came before. */
export function changeBefore(facts: Facts, found: Found): { readonly text: string; readonly seq: number } | undefined {
  const workload = facts.objects[found.workload];
  const rollouts = workload?.rollouts ?? [];
  const index = rollouts.findLastIndex(({ from }) => from.seq <= found.onset.seq);
  const rollout = rollouts[index];
  if (workload === undefined || rollout === undefined || isFoundSo(workload, rollout)) return undefined;
  // Nobody changed anything where its owner made it: a CronJob's Job comes by itself.
  if (index === 0 && workload.owners.length > 0) return undefined;
  const seconds = secondsBetween(rollout.from.time, found.onset.time);
  if (seconds > NEAR_SECONDS) return undefined;
  const by = rollout.manager === undefined ? '' : ` by ${brief(rollout.manager, 60)}`;
  const when = seconds < 1 ? 'just before' : `${Math.round(seconds)} s before`;
  return {
    text: `${nameOf(workload)} ${whatChanged(rollouts[index - 1], rollout)}${by} ${when}`,
    seq: rollout.from.seq,
  };
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
