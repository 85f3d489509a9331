import { path, textOf } from '../../model/fields.ts';
import type { Facts, Moment, ObjectFacts } from '../facts.ts';
import { evidenceOf, type Finding, ofKind, type Rule } from '../finding.ts';
import { brief } from '../text.ts';
import { isPodOver } from '../wellness.ts';

/** A node that ceased to tell of itself, or told that it is not ready, while pods of the story were on it. */
export const nodeLost: Rule = {
  name: 'node-lost',
  role: 'own',
  find: (facts) =>
    [...Map.groupBy(ofKind(facts, 'Pod'), (pod) => nodeOf(pod) ?? '')].flatMap(([node, pods]) =>
      node === '' ? [] : findingOf(facts, node, pods),
    ),
};

/** The name of the node that a pod was placed on. */
export function nodeOf(pod: ObjectFacts): string | undefined {
  return textOf(path(pod.state, 'spec', 'nodeName'));
}

function findingOf(facts: Facts, node: string, pods: readonly ObjectFacts[]): Finding[] {
  const own = ofKind(facts, 'Node').find(({ name }) => name === node);
  const spans = own?.conditions.filter(({ type }) => type === 'Ready') ?? [];
  const lost = spans.find(({ status, from }) => status !== 'True' && from.time >= facts.startTime);
  const told = [own, ...pods].flatMap((object) => object?.events ?? []).concat(facts.nodeEvents.get(node) ?? []);
  const events = told.filter(({ reason }) => reason === 'NodeNotReady').flatMap(({ moments }) => moments);
  const signs: readonly Moment[] = [...(lost === undefined ? [] : [lost.from]), ...events]
    .filter(({ time }) => time >= facts.startTime)
    .sort((a, b) => a.seq - b.seq);
  const [first] = signs;
  if (first === undefined) return [];
  const why = lost === undefined || lost.message === '' ? '' : `: ${brief(lost.message, 160)}`;
  const isBack = spans.at(-1)?.status === 'True' || spans.length === 0;
  return [
    {
      summary: `node ${brief(node, 253)} was lost${why}`,
      object: own?.index ?? pods[0]?.index ?? 0,
      evidence: evidenceOf(...signs.slice(0, 3)),
      onset: first,
      last: lost?.until ?? signs.at(-1) ?? first,
      isOver: isBack && pods.every((pod) => isPodOver(facts, pod)),
      key: node,
    },
  ];
}
