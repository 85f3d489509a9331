import { field } from '../../../model/fields.ts';
import { applyPatch } from '../../../story/patch.ts';
import type { FactEntry, ReportFacts } from '../data/report-data.ts';

export type ObjectEntry = Extract<FactEntry, { type: 'object' }>;

/** Each state of an object that the story tells, in order. */
export function statesOf({ entries }: ReportFacts, object: number): ObjectEntry[] {
  return entries.filter((entry): entry is ObjectEntry => entry.type === 'object' && entry.object === object);
}

/** The whole object as it was after the state of this number. Throws FaroError `story` where a patch does not fit. */
export function stateAt(states: readonly ObjectEntry[], number: number): unknown {
  let state: unknown;
  for (const { state: whole, patch } of states.slice(0, number + 1))
    state = whole ?? (patch === undefined ? state : applyPatch(state, patch));
  return state;
}

const BOOKKEEPING = new Set(['resourceVersion', 'generation', 'managedFields']);

/** An object without what the API server changes with every change. */
export function withoutBookkeeping(object: unknown): unknown {
  const metadata = field(object, 'metadata');
  if (typeof object !== 'object' || typeof metadata !== 'object' || metadata === null) return object;
  const kept = Object.entries(metadata).filter(([name]) => !BOOKKEEPING.has(name));
  return { ...object, metadata: Object.fromEntries(kept) };
}
