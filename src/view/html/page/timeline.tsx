import { useMemo, useState } from 'preact/hooks';
import { LaneTree } from './lane-tree.tsx';
import { Lanes } from './lanes.tsx';
import type { Opened, TimeWindow } from './opened.ts';
import { Overview } from './overview.tsx';
import { panned, shownLanes, type Update, type View, zoomed } from './view.ts';

export interface TimelineProps {
  readonly opened: Opened;
  readonly view: View;
  readonly update: Update;
  readonly hits: Uint8Array | undefined;
}

/** The time line: the course of the whole above, a lane for each object and container below. */
export function Timeline({ opened, view, update, hits }: TimelineProps) {
  const shown = useMemo(() => shownLanes(opened, view.collapsed), [opened, view.collapsed]);
  const [top, setTop] = useState(0);
  return (
    <section class="timeline" aria-label="Time line" style={{ '--lanes': shown.length }}>
      <ZoomButtons opened={opened} update={update} />
      <Overview opened={opened} window={view.window} update={update} hits={hits} />
      <LaneTree opened={opened} view={view} update={update} shown={shown} top={top} setTop={setTop} />
      <Lanes opened={opened} view={view} update={update} shown={shown} top={top} setTop={setTop} />
    </section>
  );
}

function ZoomButtons({ opened, update }: Pick<TimelineProps, 'opened' | 'update'>) {
  const zoom = (factor: number) => () =>
    update(({ window }) => ({ window: zoomed(window, factor, (window.from + window.to) / 2, opened.whole) }));
  const pan = (share: number) => () => update(({ window }) => ({ window: panned(window, share, opened.whole) }));
  const width = ({ from, to }: TimeWindow) => to - from;
  const hasMore = width(opened.whole) > width(opened.recorded) * 1.1;
  return (
    <div class="zoom" role="toolbar" aria-label="Zoom">
      <button type="button" onClick={pan(-0.25)} aria-label="Earlier" title="Earlier (a)">
        ←
      </button>
      <button type="button" onClick={pan(0.25)} aria-label="Later" title="Later (d)">
        →
      </button>
      <button type="button" onClick={zoom(0.5)} aria-label="Zoom in" title="Zoom in (+)">
        +
      </button>
      <button type="button" onClick={zoom(2)} aria-label="Zoom out" title="Zoom out (-)">
        −
      </button>
      <button type="button" onClick={() => update({ window: opened.recorded })} title="The whole recording (0)">
        Fit
      </button>
      {hasMore && (
        <button
          type="button"
          onClick={() => update({ window: opened.whole })}
          title="Also from before the recording (9)"
        >
          All
        </button>
      )}
    </div>
  );
}
