import { type ContainerInstance, type ContainerKind, type InstanceState, instanceKey } from '../model/instance.ts';
import type { Timestamp } from '../model/time.ts';
import type { StoryContainer, StoryLedger } from './document.ts';
import type { InstanceLog } from './log-survey.ts';
import { keyAfter, keyAt, keyNotBefore, type OrderKey } from './order.ts';
import type { Survey } from './survey.ts';

interface Draft {
  readonly instance: ContainerInstance;
  readonly object: number;
  kind: ContainerKind;
  state: InstanceState | undefined;
  readonly gaps: number[];
  start: Start | undefined;
}

/** Where a run's start stands in the timeline, and in the journal. */
export interface Start {
  readonly key: OrderKey;
  readonly order: number;
}

/** Every container instance of the story, its ledger, and the order of what happened to it. */
export class Containers {
  readonly #survey: Survey;
  readonly #drafts: Draft[] = [];
  readonly #byKey = new Map<string, number>();
  /** The kind of a container, for runs that no state tells of. */
  readonly #kinds = new Map<string, ContainerKind>();
  /** The last thing that is known to have happened to a container of a pod. */
  readonly #chains = new Map<string, OrderKey>();

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  get size(): number {
    return this.#drafts.length;
  }

  /** Takes in what a pod state of the story tells of. */
  observe(instances: readonly InstanceState[]): void {
    for (const state of instances) {
      const draft = this.#draft(state.instance, state.kind);
      draft.kind = state.kind;
      this.#kinds.set(chainOf(state.instance), state.kind);
      if (draft.state?.state !== 'terminated' || state.state === 'terminated') draft.state = state;
    }
  }

  /** Its index in the story; an instance that only a gap tells of becomes one, too. */
  indexOf(instance: ContainerInstance): number {
    this.#draft(instance, undefined);
    return this.#byKey.get(instanceKey(instance)) ?? 0;
  }

  /**
   * Places the start of an instance: after all that is known of the container's earlier runs, and after the pod's state
   * before, in which it had not started, but never after its first line.
   */
  started(
    instance: ContainerInstance,
    time: Timestamp,
    { before, order }: { readonly before: OrderKey | undefined; readonly order: number },
  ): OrderKey {
    const chain = this.#chains.get(chainOf(instance));
    const first = this.#survey.logs.get(instanceKey(instance))?.first;
    const limit = first === undefined || before === undefined || before < keyAt(first) ? before : keyAt(first);
    const floor = chain === undefined || (limit !== undefined && limit > chain) ? limit : chain;
    const key = keyAfter(floor, time);
    this.#chains.set(chainOf(instance), key);
    this.#draft(instance, undefined).start = { key, order };
    return key;
  }

  /** Places the end of an instance: after its last line. */
  terminated(instance: ContainerInstance, time: Timestamp): OrderKey {
    const last = this.#survey.logs.get(instanceKey(instance))?.last;
    const chain = this.#chains.get(chainOf(instance));
    const lines = last === undefined ? chain : chain === undefined ? keyAt(last) : keyNotBefore(chain, last);
    const key = keyAfter(lines, time);
    this.#chains.set(chainOf(instance), key);
    return key;
  }

  /** What the lines of an instance stand behind. */
  startOf(instance: ContainerInstance): Start | undefined {
    return this.#draft(instance, undefined).start;
  }

  addGap(instance: ContainerInstance, gap: number): void {
    this.#draft(instance, undefined).gaps.push(gap);
  }

  /** Instances whose log was begun, or could have been, and whose end the journal does not tell. */
  unended(): readonly { readonly instance: ContainerInstance; readonly from: Timestamp | undefined }[] {
    return this.#drafts.flatMap(({ instance, state }) => {
      const log = this.#survey.logs.get(instanceKey(instance));
      const hasRun = state?.startedAt !== undefined || log !== undefined;
      return hasRun && log?.end === undefined ? { instance, from: log?.sure ?? state?.startedAt } : [];
    });
  }

  /** Instances that have run but for those with these keys, with the beginning of their log or life. */
  notIn(keys: {
    has(key: string): boolean;
  }): readonly { readonly instance: ContainerInstance; readonly begun: Timestamp | undefined }[] {
    return this.#drafts.flatMap(({ instance, state }) => {
      const log = this.#survey.logs.get(instanceKey(instance));
      const begun = state?.startedAt ?? log?.first;
      const hasRun = state?.startedAt !== undefined || log !== undefined;
      return hasRun && !keys.has(instanceKey(instance)) ? { instance, begun } : [];
    });
  }

  /** Instances whose log has no gap, and yet is not proven to be whole; and why not. */
  unproven(): readonly { readonly instance: ContainerInstance; readonly endEvidence: string }[] {
    return this.#drafts.flatMap((draft) => {
      const { end, endEvidence, gaps } = this.#container(draft, true).ledger;
      return end === 'proven' || gaps.length > 0 ? [] : [{ instance: draft.instance, endEvidence }];
    });
  }

  finish(wantsLogs: boolean): StoryContainer[] {
    return this.#drafts.map((draft) => this.#container(draft, wantsLogs));
  }

  #draft(instance: ContainerInstance, kind: ContainerKind | undefined): Draft {
    const key = instanceKey(instance);
    const known = this.#drafts[this.#byKey.get(key) ?? -1];
    if (known !== undefined) return known;
    const object = this.#survey.members.get(instance.podUid) ?? 0;
    const draft: Draft = {
      instance,
      object,
      kind: kind ?? this.#kinds.get(chainOf(instance)) ?? 'regular',
      state: undefined,
      gaps: [],
      start: undefined,
    };
    this.#byKey.set(key, this.#drafts.push(draft) - 1);
    this.#kinds.set(chainOf(instance), draft.kind);
    return draft;
  }

  #container({ instance, object, kind, state, gaps }: Draft, wantsLogs: boolean): StoryContainer {
    const key = instanceKey(instance);
    const log = this.#survey.logs.get(key);
    const { hole } = this.#survey;
    const isDoubted = hole !== undefined && !hole.spared.has(key);
    return {
      object,
      name: instance.container,
      kind,
      restart: instance.restart,
      ...given('containerID', state?.containerID),
      ...given('startedTime', state?.startedAt),
      ...given('finishedTime', state?.finishedAt),
      ...given('exitCode', state?.exitCode),
      ...given('signal', state?.signal),
      ...given('reason', state?.reason),
      ledger: ledgerOf(log, { gaps, hasRun: state?.startedAt !== undefined, wantsLogs, isDoubted }),
    };
  }
}

function ledgerOf(
  log: InstanceLog | undefined,
  about: { gaps: number[]; hasRun: boolean; wantsLogs: boolean; isDoubted: boolean },
): StoryLedger {
  // A run that only a gap tells of did run.
  const hasRun = about.hasRun || about.gaps.length > 0;
  const told = log?.end?.end ?? (hasRun ? 'not proven' : 'proven');
  const end = about.isDoubted && hasRun ? 'not proven' : told;
  const silent = hasRun ? 'its log was not read to its end' : 'it never ran';
  return {
    routes: [...(log?.routes ?? [])],
    lines: log?.lines ?? 0,
    bytes: log?.bytes ?? 0,
    ...given(
      'redactions',
      log === undefined || log.redactions.size === 0 ? undefined : Object.fromEntries(log.redactions),
    ),
    ...given('firstLine', log?.first),
    ...given('lastLine', log?.last),
    reconnects: log?.reconnects ?? 0,
    repeatsRemoved: log?.repeatsRemoved ?? 0,
    rotations: log?.end?.rotations ?? 0,
    end: about.wantsLogs ? end : 'not proven',
    endEvidence: about.wantsLogs ? (log?.end?.evidence ?? silent) : 'logs were not asked for',
    gaps: about.gaps,
  };
}

function chainOf({ podUid, container }: ContainerInstance): string {
  return `${podUid}/${container}`;
}

/** A field, or none: a story has no undefined ones. */
export function given<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
