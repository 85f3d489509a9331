import type { InstanceLife } from './life.ts';
import type { FollowEnd, Follower } from './sink.ts';
import type { LogWitness } from './witness.ts';

/** The log of a container run that cannot be read in the way that was demanded: stated once it is known how long it lived. */
export class RefusedLog implements Follower {
  readonly #life: InstanceLife;
  readonly #witness: LogWitness;
  readonly #evidence: string;

  constructor({ life, witness, evidence }: { life: InstanceLife; witness: LogWitness; evidence: string }) {
    this.#life = life;
    this.#witness = witness;
    this.#evidence = evidence;
  }

  async run(signal: AbortSignal): Promise<FollowEnd> {
    await this.#life.over(signal);
    return this.interrupted();
  }

  interrupted(): FollowEnd {
    this.#witness.gap('forbidden', this.#evidence, { certainty: 'known', after: undefined });
    return this.#witness.unproven(this.#evidence, 0);
  }
}
