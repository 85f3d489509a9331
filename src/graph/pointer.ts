import { field, path, textOf } from '../model/fields.ts';
import type { RelationHow } from '../model/record.ts';
import { type KubeObject, storageOf } from '../model/resource.ts';
import type { SeenObject } from './references.ts';
import { type Labels, selects, selectsByMap } from './selector.ts';

/** How an object tells by itself what it has to do with others, which do not name it. */
export type Pointer =
  | { readonly to: 'pods'; readonly how: RelationHow; readonly selector: unknown; readonly isMap: boolean }
  | { readonly to: 'object'; readonly how: RelationHow; readonly kind: string; readonly name: string }
  | { readonly to: 'namespace'; readonly how: RelationHow };

/** What a pointer may point at. `labels`: of a pod only. */
export interface PointedObject {
  readonly kind: string;
  readonly name: string;
  readonly isRoot: boolean;
  readonly labels: Labels | undefined;
}

/** Types (`RESOURCE.GROUP`) whose objects point at others: they are watched whole, for their metadata does not tell. */
export const POINTING_TYPES: ReadonlySet<string> = new Set([
  'services',
  'poddisruptionbudgets.policy',
  'horizontalpodautoscalers.autoscaling',
  'resourcequotas',
  'limitranges',
]);

export function pointerOf({ resource, object }: SeenObject): Pointer | undefined {
  switch (storageOf(resource, object)) {
    case 'services':
      return { to: 'pods', how: 'selects', selector: path(object, 'spec', 'selector'), isMap: true };
    case 'poddisruptionbudgets.policy':
      return { to: 'pods', how: 'selects', selector: path(object, 'spec', 'selector'), isMap: false };
    case 'horizontalpodautoscalers.autoscaling':
      return scaleTarget(object);
    case 'resourcequotas':
    case 'limitranges':
      return { to: 'namespace', how: 'limits' };
    default:
      return undefined;
  }
}

/** Within one namespace. */
export function pointsAt(pointer: Pointer, { kind, name, isRoot, labels }: PointedObject): boolean {
  switch (pointer.to) {
    case 'pods':
      if (labels === undefined) return false;
      return pointer.isMap ? selectsByMap(pointer.selector, labels) : selects(pointer.selector, labels);
    case 'object':
      return pointer.kind === kind && pointer.name === name;
    case 'namespace':
      return isRoot;
  }
}

function scaleTarget(autoscaler: KubeObject): Pointer | undefined {
  const target = path(autoscaler, 'spec', 'scaleTargetRef');
  const [kind, name] = ['kind', 'name'].map((part) => textOf(field(target, part)));
  return kind === undefined || name === undefined ? undefined : { to: 'object', how: 'scales', kind, name };
}
