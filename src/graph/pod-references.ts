import { containersOf } from '../model/container-specs.ts';
import { field, listOf, path, textOf } from '../model/fields.ts';

/** The names of the objects of its own namespace that a pod's spec takes. */
export interface PodReferences {
  readonly configmaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly persistentvolumeclaims: ReadonlySet<string>;
  readonly serviceaccounts: ReadonlySet<string>;
}

/** Reads them from the spec of a Pod or of a template; `optional` ones too, for they explain by their absence. */
export function podReferencesOf(spec: unknown): PodReferences {
  const volumes = listOf(field(spec, 'volumes')).flatMap((volume) => [
    volume,
    ...listOf(path(volume, 'projected', 'sources')),
  ]);
  const containers = containersOf(spec);
  // Most variables, of which a pod may have hundreds, have a value of their own.
  const variables = containers.flatMap((container) =>
    listOf(field(container, 'env')).filter((variable) => field(variable, 'valueFrom') !== undefined),
  );
  const sources = containers.flatMap((container) => listOf(field(container, 'envFrom')));
  return {
    configmaps: texts(
      volumes.map((volume) => path(volume, 'configMap', 'name')),
      variables.map((variable) => path(variable, 'valueFrom', 'configMapKeyRef', 'name')),
      sources.map((source) => path(source, 'configMapRef', 'name')),
    ),
    secrets: texts(
      volumes.map((volume) => path(volume, 'secret', 'secretName')),
      volumes.map((volume) => path(volume, 'secret', 'name')), // within a projected volume
      volumes.map((volume) => path(volume, 'csi', 'nodePublishSecretRef', 'name')),
      variables.map((variable) => path(variable, 'valueFrom', 'secretKeyRef', 'name')),
      sources.map((source) => path(source, 'secretRef', 'name')),
      listOf(field(spec, 'imagePullSecrets')).map((secret) => field(secret, 'name')),
    ),
    persistentvolumeclaims: texts(volumes.map((volume) => path(volume, 'persistentVolumeClaim', 'claimName'))),
    serviceaccounts: texts([field(spec, 'serviceAccountName')]),
  };
}

function texts(...lists: readonly (readonly unknown[])[]): ReadonlySet<string> {
  return new Set(lists.flat().flatMap((value) => textOf(value) ?? []));
}
