import { field } from './fields.ts';
import type { KubeObject } from './resource.ts';

/** The reference to what a Kubernetes Event is about: `involvedObject` of core/v1, `regarding` of events.k8s.io/v1. */
export function aboutOf(event: KubeObject): unknown {
  return event.involvedObject ?? event.regarding;
}

/** The name of the Node that an Event is about, if it is about one: a kubelet names it without its UID. */
export function nodeOfEvent(event: KubeObject): string | undefined {
  const about = aboutOf(event);
  const name = field(about, 'kind') === 'Node' ? field(about, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
}
