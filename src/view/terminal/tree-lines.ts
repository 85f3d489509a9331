import { grouped } from '../../model/grouped.ts';
import { printable } from '../../model/printable.ts';
import { wordsOf } from '../../story/words.ts';
import { type Line, span } from './line.ts';
import type { TreeRow } from './object-tree.ts';
import { columnsOf } from './width.ts';

/** What is known of a container's log. */
export interface LogRate {
  readonly lines: number;
  /** Lines a second, lately; undefined for a finished story. */
  readonly perSecond: number | undefined;
}

export interface TreeView {
  readonly rows: readonly TreeRow[];
  readonly hidden: number;
  /** Milliseconds since the epoch at the moment that is shown. */
  readonly now: number;
  readonly rateOf: (podUid: string, container: string) => LogRate | undefined;
}

const MOST_LABEL_COLUMNS = 44;

/** The tree as lines: what it is, its state, restarts, age and log rate. */
export function treeLines({ rows, hidden, now, rateOf }: TreeView): readonly Line[] {
  const labels = rows.map((row) => `${'  '.repeat(row.depth)}${printable(labelOf(row))}`);
  const column = Math.min(MOST_LABEL_COLUMNS, Math.max(0, ...labels.map(columnsOf))) + 2;
  const lines = rows.map((row, index): Line => {
    const label = labels[index] ?? '';
    const padding = ' '.repeat(Math.max(1, column - columnsOf(label)));
    const state = row.type === 'object' ? row.node.state : row.container.state;
    const isGone = row.node.isDeleted;
    const name = span(label, isGone || row.type === 'container' ? 'dim' : 'plain');
    return [name, span(padding), span(printable(state.text), state.tone), span(detailsOf(row, now, rateOf), 'dim')];
  });
  return hidden === 0 ? lines : [...lines, [span(`  … ${hidden} more`, 'dim')]];
}

function labelOf(row: TreeRow): string {
  if (row.type === 'object') return row.how === undefined ? row.node.label : `${row.node.label} (${wordsOf(row.how)})`;
  const { name, kind } = row.container;
  return kind === 'regular' ? name : `${name} (${kind})`;
}

function detailsOf(row: TreeRow, now: number, rateOf: TreeView['rateOf']): string {
  if (row.type === 'object') return `  ${ageText((row.node.deletedAt ?? now) - row.node.createdAt)}`;
  const { restarts, name } = row.container;
  const rate = rateOf(row.node.uid, name);
  const parts = restarts > 0 ? [`${restarts} restart${restarts === 1 ? '' : 's'}`] : [];
  if (rate !== undefined && rate.lines > 0) parts.push(`${grouped(rate.lines)} lines`);
  if ((rate?.perSecond ?? 0) > 0) parts.push(`${grouped(rate?.perSecond ?? 0)}/s`);
  return parts.length === 0 ? '' : `  ${parts.join('  ')}`;
}

/** `45s`, `12m`, `3h`, `2d`: as kubectl tells an age. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
