/** A resource type as API discovery describes it, e.g. `deployments` of `apps/v1`. */
export interface ResourceType {
  /** API group; the core group is the empty string. */
  readonly group: string;
  readonly version: string;
  /** Plural name as it stands in paths: `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** One writer of an object, as the API server tracks it. `fieldsV1` is dropped unless `--managed-fields`. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: unknown;
}

/** The part of an object's metadata that Faro itself reads. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  /** When it is to be gone: so many seconds of grace after it was asked for. */
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
}

/** Any Kubernetes object, whole or (under `PartialObjectMetadata`) only its metadata. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The storage behind a type, whatever its version: `deployments.apps`, `pods`. Versions of one resource share their objects. */
export function groupResourceOf(type: Pick<ResourceType, 'group' | 'resource'>): string {
  return type.group === '' ? type.resource : `${type.resource}.${type.group}`;
}

/** The storage that an object lies in: its own group tells which, e.g. `deployments.apps`. */
export function storageOf(resource: string, object: Pick<KubeObject, 'apiVersion'>): string {
  return groupResourceOf({ resource, group: groupOf(object.apiVersion) });
}

/** The group of an `apiVersion`: `apps` of `apps/v1`, the empty string of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
