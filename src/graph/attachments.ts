import { createHash } from 'node:crypto';
import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import { podReferencesOf } from './pod-references.ts';
import type { Reference, SeenObject } from './references.ts';

/** A reference, and the UID of the object that makes it. */
export interface Claimed {
  readonly reference: Reference;
  readonly by: string;
}

/**
 * The VolumeAttachments of the volumes that pods use. They are named by a volume and a node together, which come from
 * different objects in either order; to know the name spares a watch of all attachments of the cluster.
 */
export class Attachments {
  /** Nodes of the pods that use a claim, by `NAMESPACE/NAME`. */
  readonly #nodes = new Map<string, Set<string>>();
  readonly #volumes = new Map<string, KubeObject>();

  /** A state of any object; only Pods and PersistentVolumes tell something. */
  take({ resource, object }: SeenObject): readonly Claimed[] {
    if (resource === 'pods') return claimsOf(object).flatMap((claim) => this.#mount(claim, object));
    if (resource !== 'persistentvolumes') return [];
    const [namespace, name] = ['namespace', 'name'].map((part) => textOf(path(object, 'spec', 'claimRef', part)));
    const claim = `${namespace}/${name}`;
    this.#volumes.set(claim, object);
    return [...(this.#nodes.get(claim) ?? [])].flatMap((node) => attachment(object, node));
  }

  #mount(claim: string, pod: KubeObject): readonly Claimed[] {
    const node = textOf(path(pod, 'spec', 'nodeName'));
    if (node === undefined) return [];
    this.#nodes.set(claim, (this.#nodes.get(claim) ?? new Set()).add(node));
    const volume = this.#volumes.get(claim);
    return volume === undefined ? [] : attachment(volume, node);
  }
}

/** By the name that the attach controller computes for a CSI volume on a node. */
function attachment(volume: KubeObject, node: string): Claimed[] {
  const [driver, handle] = ['driver', 'volumeHandle'].map((part) => textOf(path(volume, 'spec', 'csi', part)));
  if (driver === undefined || handle === undefined) return [];
  const name = `csi-${createHash('sha256').update(`${handle}${driver}${node}`).digest('hex')}`;
  const type = { group: 'storage.k8s.io', resource: 'volumeattachments', namespace: null };
  return [{ reference: { ...type, by: { name }, how: 'attaches' }, by: volume.metadata.uid }];
}

/** Those that a pod names, and those that are made for it. */
function claimsOf(pod: KubeObject): string[] {
  const { name: podName, namespace } = pod.metadata;
  const made = listOf(field(pod.spec, 'volumes')).flatMap((volume) =>
    field(volume, 'ephemeral') === undefined ? [] : [`${podName}-${textOf(field(volume, 'name'))}`],
  );
  return [...podReferencesOf(pod.spec).persistentvolumeclaims, ...made].map((name) => `${namespace}/${name}`);
}
