import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { KubeObject, ResourceType } from '../../src/model/resource.ts';

/** A type of which nobody knows beforehand that a Deployment may own objects of it. */
export const WIDGETS = 'widgets.example.com';

export const WIDGET_TYPE: ResourceType = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  singular: 'widget',
  shortNames: [],
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

/** One that the Deployment owns. */
export function createWidget(cluster: SimulatedCluster, name: string, storage = WIDGETS): KubeObject {
  const [web] = cluster.store.list(cluster.type('deployments.apps'), 'shop');
  if (web === undefined) throw new Error('nothing that could own it');
  const { apiVersion, kind, metadata } = web;
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }];
  return cluster.create(storage, 'shop', { metadata: { name, ownerReferences } });
}

export function deleteWidget(cluster: SimulatedCluster, name: string, storage = WIDGETS): void {
  cluster.store.delete(cluster.type(storage), 'shop', name);
}
