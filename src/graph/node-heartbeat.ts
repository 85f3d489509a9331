import { isDeepStrictEqual } from 'node:util';
import { field, listOf, path } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';

/**
 * Whether a Node's new state tells nothing but that the Node lives: the kubelet writes the time of each condition and
 * the list of images every few minutes. What explains a workload is in spec (taints), labels and conditions.
 */
export function isHeartbeat(before: KubeObject, after: KubeObject): boolean {
  return isDeepStrictEqual(substanceOf(before), substanceOf(after));
}

function substanceOf(node: KubeObject) {
  const { labels, deletionTimestamp } = node.metadata;
  const conditions = listOf(path(node, 'status', 'conditions')).map((condition) =>
    ['type', 'status', 'reason', 'message'].map((name) => field(condition, name)),
  );
  const status = ['capacity', 'allocatable', 'addresses', 'nodeInfo'].map((name) => path(node, 'status', name));
  return { labels, deletionTimestamp, spec: node.spec, conditions, status };
}
