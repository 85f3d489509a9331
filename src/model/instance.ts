import type { Timestamp } from './time.ts';

/** How a container stands in its pod. A sidecar is an init container with `restartPolicy: Always`. */
export type ContainerKind = 'init' | 'sidecar' | 'regular' | 'ephemeral';

/** One run of a container: its identity never changes and never comes again. */
export interface ContainerInstance {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** `restartCount` while it ran: 0 for the first run. */
  readonly restart: number;
}

/** A text that is equal for equal instances: `podUid/container/restart`. */
export function instanceKey(instance: ContainerInstance): string {
  return `${instance.podUid}/${instance.container}/${instance.restart}`;
}

/** For messages: `shop/web-7c9-x2x/app#2`. */
export function instanceName(instance: ContainerInstance): string {
  return `${instance.namespace}/${instance.pod}/${instance.container}#${instance.restart}`;
}

/** A container instance that a pod state proves to exist, and what the state says about it. */
export interface InstanceState {
  readonly instance: ContainerInstance;
  readonly kind: ContainerKind;
  readonly containerID: string | undefined;
  readonly state: 'waiting' | 'running' | 'terminated';
  readonly startedAt: Timestamp | undefined;
  readonly finishedAt: Timestamp | undefined;
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly reason: string | undefined;
}
