import { containersOf } from '../model/container-specs.ts';
import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Facts, ObjectFacts } from './facts.ts';
import { workloadOf } from './wellness.ts';

/** The text of a container's settings that may name what it talks to: its command, its variables, the hosts of its probes. */
export function settingsText(spec: unknown): string {
  const words = [...listOf(field(spec, 'command')), ...listOf(field(spec, 'args'))];
  const variables = listOf(field(spec, 'env')).map((variable) => field(variable, 'value'));
  const hosts = ['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((probe) =>
    ['httpGet', 'tcpSocket'].map((how) => path(spec, probe, how, 'host')),
  );
  return [...words, ...variables, ...hosts].flatMap((value) => textOf(value) ?? []).join('\n');
}

/** How the workloads of a story may be named as hosts: by their own names, and by their pods' names and addresses. */
export function namesOfWorkloads(facts: Facts): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, Set<string>>();
  for (const { index, kind, name, state } of facts.objects) {
    const workload = workloadOf(facts, index)?.index ?? index;
    const known = names.get(workload) ?? new Set();
    names.set(workload, known.add(name));
    if (kind === 'Pod') known.add(textOf(path(state, 'status', 'podIP')) ?? name);
  }
  return new Map([...names].map(([workload, all]) => [workload, [...all]]));
}

/** Whether a text names one of these as a host is named. */
export function namesAny(names: readonly string[], text: string): boolean {
  return text !== '' && names.some((name) => isNamed(name, text));
}

/** A word of two letters is in every text by chance. */
const LEAST_LENGTH = 3;

function isNamed(name: string, text: string): boolean {
  if (name.length < LEAST_LENGTH) return false;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text.charAt(at - 1), text.charAt(at + name.length)];
    if (/^[\s"'=/@([,]?$/.test(before) && /^[\s"'.:/,)\]]?$/.test(after)) return true;
  }
  return false;
}

/** Whether a pod takes values or files of a ConfigMap or a Secret. */
export function usesConfig(pod: ObjectFacts, config: Pick<ObjectFacts, 'kind' | 'name' | 'namespace'>): boolean {
  return (
    pod.state !== undefined &&
    pod.namespace === config.namespace &&
    configsOf(pod.state).has(`${config.kind}/${config.name}`)
  );
}

function configsOf(pod: KubeObject): ReadonlySet<string> {
  const lists = containersOf(pod.spec);
  const volumes = listOf(path(pod, 'spec', 'volumes'));
  const sources = [...volumes, ...volumes.flatMap((volume) => listOf(path(volume, 'projected', 'sources')))];
  const named = (kind: string, name: unknown) => (textOf(name) === undefined ? [] : [`${kind}/${textOf(name)}`]);
  return new Set([
    ...sources.flatMap((source) => [
      ...named('ConfigMap', path(source, 'configMap', 'name')),
      ...named('Secret', path(source, 'secret', 'secretName')),
      ...named('Secret', path(source, 'secret', 'name')),
    ]),
    ...lists.flatMap((container) => [
      ...listOf(field(container, 'envFrom')).flatMap((from) => [
        ...named('ConfigMap', path(from, 'configMapRef', 'name')),
        ...named('Secret', path(from, 'secretRef', 'name')),
      ]),
      ...listOf(field(container, 'env')).flatMap((variable) => [
        ...named('ConfigMap', path(variable, 'valueFrom', 'configMapKeyRef', 'name')),
        ...named('Secret', path(variable, 'valueFrom', 'secretKeyRef', 'name')),
      ]),
    ]),
  ]);
}
