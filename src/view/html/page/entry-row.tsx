import { memo } from 'preact/compat';
import { clockText } from '../model/clock.ts';
import type { LifecycleEntry } from '../model/pod-lane.ts';
import { NO_LANE, ROW_TYPES, type RowType } from '../model/rows.ts';
import { visibleText } from '../model/visible.ts';
import type { Opened } from './opened.ts';

/** Of a line of the list, in pixels. */
export const ROW_HEIGHT = 19;

interface EntryRowProps {
  readonly opened: Opened;
  readonly row: number;
  readonly place: number;
  readonly count: number;
  /** What to make stand out. */
  readonly query: string;
  readonly isLooked: boolean;
  readonly onLook: () => void;
}

const SIGNS: Readonly<Record<RowType, string>> = {
  log: '',
  event: '●',
  lifecycle: '◆',
  object: '✎',
  gap: '⚠',
  note: 'ℹ',
};
/** More of a line does not fit on any screen; the details show the whole. */
const MOST = 600;

function Row({ opened, row, place, count, query, isLooked, onLook }: EntryRowProps) {
  const { rows, epoch } = opened;
  const type = ROW_TYPES[rows.type[row] ?? 0] ?? 'log';
  const text = visibleText(rows.textOf(row, MOST));
  const lane = opened.index.lanes[rows.lane[row] ?? NO_LANE];
  const fact = rows.factOf(row);
  const isWarning = fact?.type === 'event' && fact.eventType !== 'Normal';
  const tone =
    type === 'log' ? levelOf(text) : isWarning ? 'warn' : fact?.type === 'lifecycle' ? lifecycleTone(fact, opened) : '';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names its active option
    <div
      id={`row-${row}`}
      class={`row ${type} ${tone}`}
      role="option"
      aria-selected={isLooked}
      aria-posinset={place + 1}
      aria-setsize={count}
      onClick={onLook}
    >
      <time>{clockText(epoch + (rows.time[row] ?? 0), fact?.precision)}</time>
      <span class="lane-name" data-hue={lane === undefined ? undefined : lane.object % 8}>
        <bdi>{lane === undefined ? '' : visibleText(shortName(opened, lane))}</bdi>
      </span>
      <span class="type-sign" title={type}>
        {isWarning ? '▲' : SIGNS[type]}
      </span>
      <bdi class="text">{query === '' ? text : <Marked text={text} query={query} />}</bdi>
    </div>
  );
}

export const EntryRow = memo(
  Row,
  (a, b) =>
    a.row === b.row && a.query === b.query && a.isLooked === b.isLooked && a.place === b.place && a.count === b.count,
);

function shortName({ index }: Opened, lane: Opened['index']['lanes'][number]): string {
  if (lane.container === undefined) return lane.name;
  const pod = index.lanes[index.ofObject[lane.object] ?? -1]?.name ?? '';
  return `${pod.length > 14 ? `…${pod.slice(-13)}` : pod}/${lane.container}`;
}

/** Only for the eye: many logs say it in one of these words. */
function levelOf(text: string): string {
  if (/\b(?:error|err|fatal|panic|critical|exception)\b/i.test(text)) return 'bad';
  return /\bwarn(?:ing)?\b/i.test(text) ? 'warn' : '';
}

function lifecycleTone({ what, exitCode, container = -1 }: LifecycleEntry, { told }: Opened): string {
  if (what === 'rolloutFailed' || what === 'jobFailed' || what === 'evicted') return 'bad';
  if (what === 'terminated') return exitCode === 0 || told.has(container) ? '' : 'bad';
  return what === 'waiting' || what === 'podUnready' || what === 'unready' ? 'warn' : '';
}

function Marked({ text, query }: { readonly text: string; readonly query: string }) {
  const parts: (string | preact.JSX.Element)[] = [];
  const [whole, wanted] = [text.toLowerCase(), query.toLowerCase()];
  let from = 0;
  for (let at = whole.indexOf(wanted); at !== -1; at = whole.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
