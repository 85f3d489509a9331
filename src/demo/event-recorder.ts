import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { SimulatedStore } from './store.ts';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

/** Records Kubernetes Events as the components do: a repeated one counts up. */
export class EventRecorder {
  readonly #store: SimulatedStore;
  readonly #type: ResourceType;
  readonly #known = new Map<string, KubeObject>();
  #number = 0;

  constructor(store: SimulatedStore, type: ResourceType) {
    this.#store = store;
    this.#type = type;
  }

  record(about: KubeObject, { type, reason, message, component }: EventText): void {
    const { uid, name, namespace = 'default' } = about.metadata;
    const key = [uid, reason, message].join('\n');
    const known = this.#known.get(key);
    const now = this.#store.now();
    if (known !== undefined) {
      const counted = this.#store.update(
        this.#type,
        known,
        (event) => ({ ...event, count: Number(event.count) + 1, lastTimestamp: now }),
        component,
      );
      if (counted !== undefined) this.#known.set(key, counted);
      return;
    }
    this.#number += 1;
    const event = this.#store.create(
      this.#type,
      namespace,
      {
        metadata: { name: `${name}.${this.#number.toString(16).padStart(16, '0')}` },
        involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid },
        type,
        reason,
        message,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
        source: { component },
        reportingComponent: component,
        reportingInstance: '',
      },
      component,
    );
    this.#known.set(key, event);
  }
}
