import { ROW_TYPES, type RowType } from '../model/rows.ts';
import type { Opened, TimeWindow } from './opened.ts';

export type Tab = 'entries' | 'compare' | 'ledger' | 'table';

/** Two states of an object, by their number. */
export interface Comparison {
  readonly object: number;
  readonly before: number;
  readonly after: number;
}

/** What the reader has chosen to see; everything on the page follows from it and the story. */
export interface View {
  readonly window: TimeWindow;
  /** Lanes whose entries are listed; empty: all. */
  readonly chosen: ReadonlySet<number>;
  readonly collapsed: ReadonlySet<number>;
  readonly types: ReadonlySet<RowType>;
  readonly query: string;
  /** Whether rows that do not match are left out, or only passed over. */
  readonly isOnlyMatches: boolean;
  /** The row that is looked at. */
  readonly row: number | undefined;
  /** Counts jumps of the list, each to the row or the moment that is looked at. */
  readonly jump:
    | { readonly count: number; readonly to: { readonly row: number } | { readonly at: number } }
    | undefined;
  readonly tab: Tab;
  readonly comparison: Comparison | undefined;
  readonly isHelpOpen: boolean;
}

export type Update = (change: Partial<View> | ((view: View) => Partial<View>)) => void;

/** More lanes than this begin folded. */
const MANY_LANES = 60;
/** Entries that repeat what the time line shows begin left out. */
const QUIET: ReadonlySet<RowType> = new Set(['object']);

export function firstView({ index, recorded, stories }: Opened): View {
  const isTroubled = (lane: number) =>
    stories[lane]?.marks.some(({ tone }) => tone === 'crashed' || tone === 'warning');
  const folded = index.lanes.filter(
    ({ index: lane, below, kind }) =>
      kind === 'Pod' && below > 0 && !Array.from({ length: below + 1 }, (_, next) => lane + next).some(isTroubled),
  );
  return {
    window: recorded,
    chosen: new Set(),
    collapsed: new Set(index.lanes.length > MANY_LANES ? folded.map(({ index: lane }) => lane) : []),
    types: new Set(ROW_TYPES.filter((type) => !QUIET.has(type))),
    query: '',
    isOnlyMatches: true,
    row: undefined,
    jump: undefined,
    tab: 'entries',
    comparison: undefined,
    isHelpOpen: false,
  };
}

/** The view with the list at a row, which is looked at from now on. */
export function lookAt(row: number): (view: View) => Partial<View> {
  return ({ jump }) => ({ row, tab: 'entries', jump: { count: (jump?.count ?? 0) + 1, to: { row } } });
}

export function listFrom(at: number): (view: View) => Partial<View> {
  return ({ jump }) => ({ tab: 'entries', jump: { count: (jump?.count ?? 0) + 1, to: { at } } });
}

const SHORTEST_WINDOW = 0.05;

/** Zooms around a moment; a factor below 1 shows less, in more detail. */
export function zoomed(window: TimeWindow, factor: number, around: number, whole: TimeWindow): TimeWindow {
  const wanted = (window.to - window.from) * factor;
  const width = Math.min(Math.max(wanted, SHORTEST_WINDOW), whole.to - whole.from);
  const share = (around - window.from) / (window.to - window.from);
  return within(around - share * width, width, whole);
}

/** Moves by a part of the window's width. */
export function panned({ from, to }: TimeWindow, share: number, whole: TimeWindow): TimeWindow {
  return within(from + (to - from) * share, to - from, whole);
}

function within(from: number, width: number, whole: TimeWindow): TimeWindow {
  const start = Math.min(Math.max(from, whole.from), whole.to - width);
  return { from: start, to: start + width };
}

/** The lanes that are to be seen: not those below a folded one. */
export function shownLanes({ index }: Opened, collapsed: ReadonlySet<number>): readonly number[] {
  const shown: number[] = [];
  for (let lane = 0; lane < index.lanes.length; lane += 1) {
    shown.push(lane);
    if (collapsed.has(lane)) lane += index.lanes[lane]?.below ?? 0;
  }
  return shown;
}

/** The chosen lanes and all below them; undefined where none is chosen. */
export function withBelow({ index }: Opened, chosen: ReadonlySet<number>): ReadonlySet<number> | undefined {
  if (chosen.size === 0) return undefined;
  const lanes = [...chosen].flatMap((lane) =>
    Array.from({ length: 1 + (index.lanes[lane]?.below ?? 0) }, (_, next) => lane + next),
  );
  return new Set(lanes);
}
