import type { Fault, FaultRequest } from '../../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import { WIDGETS } from '../widgets.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', WIDGETS];
/** A refusal has a gap of its own, and so has a type that is not served. */
const REFUSALS = [403, 404];

/** What the first call to list or watch each type came to. */
export class FirstCalls {
  /** By resource. */
  readonly #any = new Map<string, Answer>();
  readonly #watches = new Map<string, Answer>();

  /** From the next call on. */
  constructor({ faults }: SimulatedCluster) {
    const take = faults.take.bind(faults);
    faults.take = (request) => {
      const fault = take(request);
      this.#heard(request, fault);
      return fault;
    };
  }

  /**
   * Types whose first list failed: since the recording began their states are told, or in a gap. Before pods are listed one is
   * asked for, to learn how many there are: what that comes to tells nothing, and in pages nobody can tell which call is which.
   */
  get failed(): ReadonlySet<string> {
    const failed = STORAGES.filter((storage) => hasFailed(this.#any.get(resourceOf(storage))));
    const isStreamed = this.#any.get('deployments')?.verb === 'watch';
    return new Set(isStreamed && hasFailed(this.#watches.get('pods')) ? [...failed, 'pods'] : failed);
  }

  #heard({ verb, resource }: FaultRequest, fault: Fault | undefined): void {
    if (verb !== 'list' && verb !== 'watch') return;
    const answer = { verb, status: fault?.type === 'status' ? fault.status : undefined };
    if (!this.#any.has(resource)) this.#any.set(resource, answer);
    if (verb === 'watch' && !this.#watches.has(resource)) this.#watches.set(resource, answer);
  }
}

interface Answer {
  readonly verb: string;
  /** Where it was refused, or failed at once. */
  readonly status: number | undefined;
}

function hasFailed(answer: Answer | undefined): boolean {
  return answer?.status !== undefined && !REFUSALS.includes(answer.status);
}

function resourceOf(storage: string): string {
  return storage.split('.')[0] ?? '';
}
