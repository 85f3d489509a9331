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

/** Whether a text names a workload as a host is named, or one of its pods or their addresses. */
export function namesWorkload(facts: Facts, workload: number, text: string): boolean {
  if (text === '') return false;
  const members = facts.objects.filter(({ index }) => workloadOf(facts, index)?.index === workload);
  const names = members.flatMap(({ kind, name, state }) =>
    kind === 'Pod' ? [name, textOf(path(state, 'status', 'podIP')) ?? name] : [name],
  );
  return [...new Set(names)].some((name) => isNamed(name, text));
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
  const lists = ['initContainers', 'containers'].flatMap((list) => listOf(path(pod, 'spec', list)));
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
