import { containerStatusesOf } from '../model/container-statuses.ts';
import { listOf, numberOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import { conditionOf, explain } from './conditions.ts';
import { failed, progressing, type Readiness, ready } from './verdict.ts';

/** When other objects than workloads are ready, by group and kind. */
export const OBJECT_RULES: ReadonlyMap<string, (object: KubeObject) => Readiness> = new Map([
  ['Pod', pod],
  ['PersistentVolumeClaim', persistentVolumeClaim],
  ['Service', service],
  ['PodDisruptionBudget.policy', podDisruptionBudget],
  ['CustomResourceDefinition.apiextensions.k8s.io', customResourceDefinition],
]);

/** A crash loop is not a failure by itself: the next start may succeed. */
function pod(object: KubeObject): Readiness {
  const phase = textOf(path(object, 'status', 'phase'));
  if (phase === 'Succeeded') return ready('the pod succeeded');
  if (phase === 'Failed') return failed(podFailure(object));
  if (conditionOf(object, 'Ready')?.status === 'True') return ready('the pod is ready');
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status === 'False') return progressing(explain(scheduled));
  return progressing(waitOf(object) ?? `the pod is ${phase ?? 'new'} and not ready`);
}

/** What a pod's containers wait for; what every container waits for at first tells least. */
function waitOf(object: KubeObject): string | undefined {
  const waits = containerStatusesOf(object).flatMap(({ name, status }) => {
    const reason = textOf(path(status, 'state', 'waiting', 'reason'));
    return reason === undefined ? [] : { name, reason };
  });
  const wait = waits.find(({ reason }) => reason !== 'PodInitializing' && reason !== 'ContainerCreating') ?? waits[0];
  return wait === undefined ? undefined : `container ${wait.name} is waiting: ${wait.reason}`;
}

/** Why a pod failed, as far as it says so. */
export function podFailure(object: KubeObject): string {
  const said = textOf(path(object, 'status', 'message')) ?? textOf(path(object, 'status', 'reason'));
  if (said !== undefined) return said;
  for (const { name, status } of containerStatusesOf(object)) {
    const exitCode = numberOf(path(status, 'state', 'terminated', 'exitCode')) ?? 0;
    const reason = textOf(path(status, 'state', 'terminated', 'reason')) ?? 'Error';
    if (exitCode !== 0) return `container ${name} ended with exit code ${exitCode} (${reason})`;
  }
  return 'the pod failed';
}

function persistentVolumeClaim(object: KubeObject): Readiness {
  const phase = textOf(path(object, 'status', 'phase'));
  if (phase === 'Lost') return failed('its volume is lost');
  return phase === 'Bound' ? ready('it is bound') : progressing(`it is ${phase ?? 'new'}`);
}

function service(object: KubeObject): Readiness {
  if (path(object, 'spec', 'type') !== 'LoadBalancer') return ready('it exists');
  const hasAddress = listOf(path(object, 'status', 'loadBalancer', 'ingress')).length > 0;
  return hasAddress ? ready('its load balancer has an address') : progressing('its load balancer has no address yet');
}

function podDisruptionBudget(object: KubeObject): Readiness {
  const isSeen = numberOf(path(object, 'status', 'observedGeneration')) !== undefined;
  return isSeen ? ready('its allowed disruptions are known') : progressing('its controller has not seen it yet');
}

function customResourceDefinition(object: KubeObject): Readiness {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(explain(names));
  const established = conditionOf(object, 'Established');
  if (established?.status === 'True') return ready('it is established');
  if (established?.status === 'False' && established.reason !== 'Installing') return failed(explain(established));
  return progressing('it is not established yet');
}
