import type { ToldEnds } from '../../../story/told-ends.ts';
import type { FactEntry } from '../data/report-data.ts';
import { SpanWriter } from './spans.ts';

export type LifecycleEntry = Extract<FactEntry, { type: 'lifecycle' }>;

/** A pod's phases and readiness as spans. */
export class PodLane extends SpanWriter {
  #phase = '';
  #isReady = false;
  #isLeaving = false;

  take(entry: LifecycleEntry, at: number): void {
    switch (entry.what) {
      case 'phase':
        this.#phase = text(entry.to);
        if (this.#phase === 'Succeeded' || this.#phase === 'Failed') this.#isReady = false;
        break;
      case 'podReady':
        this.#isReady = true;
        break;
      case 'podUnready':
        this.#isReady = false;
        break;
      case 'deletionRequested':
        this.#isLeaving = true;
        break;
      case 'deleted':
        this.close(at);
        return;
      default:
        return;
    }
    this.#show(at, entry.seq);
  }

  #show(at: number, seq: number): void {
    if (this.#isLeaving) this.begin({ at, seq, tone: 'leaving', text: 'being deleted' });
    else if (this.#phase === 'Running' && this.#isReady) this.begin({ at, seq, tone: 'ready', text: 'Running, ready' });
    else if (this.#phase === 'Running') this.begin({ at, seq, tone: 'running', text: 'Running, not ready' });
    else if (this.#phase === 'Succeeded') this.begin({ at, seq, tone: 'done', text: 'Succeeded' });
    else if (this.#phase === 'Failed') this.begin({ at, seq, tone: 'failed', text: 'Failed' });
    else if (this.#phase !== '') this.begin({ at, seq, tone: 'pending', text: this.#phase });
  }
}

/** A container's runs, what it waits for between them, and how each ended. */
export class ContainerLane extends SpanWriter {
  #run = '';
  readonly #told: ToldEnds;

  constructor(told: ToldEnds) {
    super();
    this.#told = told;
  }

  take(entry: LifecycleEntry, at: number): void {
    const { seq, restart } = entry;
    switch (entry.what) {
      case 'started':
      case 'restarted':
        this.#run = Number(restart) > 0 ? `, restart ${Number(restart)}` : '';
        this.begin({ at, seq, tone: 'running', text: `running${this.#run}` });
        return;
      case 'ready':
        this.begin({ at, seq, tone: 'ready', text: `ready${this.#run}` });
        return;
      case 'unready':
        if (this.isOpen('ready')) this.begin({ at, seq, tone: 'running', text: `running, not ready${this.#run}` });
        return;
      case 'waiting':
        this.begin({ at, seq, tone: 'waiting', text: text(entry.reason) });
        return;
      case 'terminated':
        this.close(at);
        this.mark({ at, seq, ...endOf(entry, this.#told.has(entry.container ?? -1)) });
        return;
      default:
    }
  }
}

function endOf({ exitCode, reason, signal }: LifecycleEntry, isTold: boolean) {
  const code = typeof exitCode === 'number' ? exitCode : undefined;
  const how = typeof signal === 'number' && signal > 0 ? `signal ${signal}` : `exit ${code ?? '?'}`;
  const why = text(reason);
  return {
    tone: code === 0 || isTold ? 'ended' : 'crashed',
    text: why === '' ? how : `${how}, ${why}`,
    label: String(code ?? '?'),
  } as const;
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
