import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { placeAt } from '../model/rows.ts';
import type { PanelProps } from './app.tsx';
import { EntryRow, ROW_HEIGHT } from './entry-row.tsx';
import { useSize } from './size.ts';
import type { View } from './view.ts';

/** Browsers do not let an element be higher than this many pixels and still draw it rightly. */
const HIGHEST = 8_000_000;

/** A list of any length of which only what is in view stands in the page. */
export function EntryList({ opened, view, update, search, shown }: PanelProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { height } = useSize(ref);
  const [top, setTop] = useState(0);
  const full = shown.length * ROW_HEIGHT;
  const spacer = Math.min(full, HIGHEST);
  // In a list that is too high for the browser the scroll bar's way stands for the longer one.
  const scale = spacer > height ? (full - height) / (spacer - height) : 1;
  const offset = top * Math.max(1, scale);
  const first = Math.max(0, Math.floor(offset / ROW_HEIGHT) - 6);
  const visible = shown.subarray(first, first + Math.ceil(height / ROW_HEIGHT) + 12);
  useJump(ref, { view, opened, shown, scale, height });
  const onKeyDown = (event: KeyboardEvent) => {
    const place = view.row === undefined ? Math.floor(offset / ROW_HEIGHT) - 1 : placeOf(shown, view.row);
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: shown.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = Math.min(Math.max(next, 0), shown.length - 1);
    update({ row: shown[to] });
    keepInView(ref.current, to * ROW_HEIGHT, Math.max(1, scale));
  };
  return (
    <div
      class="list"
      ref={ref}
      role="listbox"
      aria-label="Entries"
      aria-activedescendant={view.row === undefined ? undefined : `row-${view.row}`}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div class="all" role="presentation" style={{ height: spacer }}>
        <div
          class="window"
          role="presentation"
          style={{ transform: `translateY(${top + first * ROW_HEIGHT - offset}px)` }}
        >
          {Array.from(visible, (row, number) => (
            <EntryRow
              key={row}
              opened={opened}
              row={row}
              place={first + number}
              count={shown.length}
              query={search.hits?.[row] === 1 ? view.query : ''}
              isLooked={row === view.row}
              onLook={() => update({ row })}
            />
          ))}
        </div>
      </div>
      {shown.length === 0 && <p class="empty">Nothing in this story is of these kinds, lanes and text.</p>}
    </div>
  );
}

/** Where a row stands in the list, or would stand. */
function placeOf(shown: Uint32Array, row: number): number {
  const place = shown.findIndex((other) => other >= row);
  return place === -1 ? shown.length - 1 : place;
}

interface Jump extends Pick<PanelProps, 'view' | 'opened' | 'shown'> {
  readonly scale: number;
  readonly height: number;
}

/** Scrolls to where the view jumped, once for each jump. */
function useJump(ref: { readonly current: HTMLElement | null }, { view, opened, shown, scale, height }: Jump): void {
  const done = useRef<View['jump']>(undefined);
  useLayoutEffect(() => {
    const { jump } = view;
    if (jump === undefined || jump === done.current || ref.current === null || height === 0) return;
    done.current = jump;
    const place = 'row' in jump.to ? placeOf(shown, jump.to.row) : placeAt(opened.rows, shown, jump.to.at);
    ref.current.scrollTop = (place * ROW_HEIGHT - height / 3) / Math.max(1, scale);
  });
}

function keepInView(list: HTMLElement | null, at: number, scale: number): void {
  if (list === null) return;
  const [top, bottom] = [list.scrollTop * scale, list.scrollTop * scale + list.clientHeight - ROW_HEIGHT];
  if (at < top) list.scrollTop = at / scale;
  else if (at > bottom) list.scrollTop = (at - list.clientHeight + ROW_HEIGHT) / scale;
}
