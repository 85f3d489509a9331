import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Opened, TimeWindow } from './opened.ts';
import { useSize } from './size.ts';
import { type Colours, coloursOf, onTheme } from './theme.ts';
import type { Update } from './view.ts';

interface OverviewProps {
  readonly opened: Opened;
  readonly window: TimeWindow;
  readonly update: Update;
  readonly hits: Uint8Array | undefined;
}

const BUCKETS = 480;

/** How much was logged and warned over the whole story; the part that the lanes show is light, drag chooses another. */
export function Overview({ opened, window, update, hits }: OverviewProps) {
  const ref = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const shown = useRef(window);
  shown.current = window;
  const { width } = useSize(ref);
  const [theme, setTheme] = useState(0);
  const data = useMemo(() => courseOf(opened, hits), [opened, hits]);
  useEffect(() => onTheme(() => setTheme((count) => count + 1)), []);
  useLayoutEffect(() => {
    if (ref.current === null || width === 0) return;
    const choose = (chosen: TimeWindow) => update({ window: chosen });
    const options = optionsOf({ width, colours: coloursOf(ref.current), shown: () => shown.current, choose });
    plot.current = new uPlot(options, data, ref.current);
    return () => plot.current?.destroy();
  }, [width, theme, data, update]);
  useLayoutEffect(() => plot.current?.redraw(false, false), [window]);
  return (
    <div class="overview">
      <p class="caption" aria-hidden="true">
        log lines, warnings{hits === undefined ? '' : ', matches'}
      </p>
      <div class="plot" ref={ref} role="img" aria-label="Log lines and warnings over the whole story" />
    </div>
  );
}

/** Lines, warnings and matches by stretch of time. */
function courseOf({ rows, whole, facts }: Opened, hits: Uint8Array | undefined): uPlot.AlignedData {
  const step = (whole.to - whole.from) / BUCKETS;
  const at = Array.from({ length: BUCKETS }, (_, bucket) => whole.from + (bucket + 0.5) * step);
  const [lines, warnings, matches] = [0, 1, 2].map(() => new Array<number>(BUCKETS).fill(0));
  const add = (list: number[] | undefined, time: number) => {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor((time - whole.from) / step)));
    if (list !== undefined) list[bucket] = (list[bucket] ?? 0) + 1;
  };
  for (let row = 0; row < rows.count; row += 1) {
    const time = rows.time[row] ?? 0;
    if (rows.type[row] === 0) add(lines, time);
    else if (isWarning(rows.factOf(row))) add(warnings, time);
    if (hits?.[row] === 1) add(matches, time);
  }
  void facts;
  const seen = (list: number[] = []) => list.map((count) => (count === 0 ? null : Math.log1p(count)));
  return [at, (lines ?? []).map((count) => Math.log1p(count)), seen(warnings), seen(matches)];
}

function isWarning(fact: ReturnType<Opened['rows']['factOf']>): boolean {
  return fact?.type === 'event' && fact.eventType !== 'Normal';
}

interface PlotSettings {
  readonly width: number;
  readonly colours: Colours;
  readonly shown: () => TimeWindow;
  readonly choose: (window: TimeWindow) => void;
}

function optionsOf({ width, colours, shown, choose }: PlotSettings): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [1, 3] });
  return {
    width,
    height: 46,
    padding: [4, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(1, max ?? 1)] } },
    axes: [{ show: false }, { show: false }],
    series: [
      {},
      {
        stroke: colours.running,
        fill: `color-mix(in srgb, ${colours.running} 30%, transparent)`,
        width: 1,
        points: { show: false },
      },
      {
        stroke: colours.warning,
        fill: colours.warning,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
      {
        stroke: colours.accent,
        fill: colours.accent,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
    ],
    hooks: {
      draw: [(plot) => shade(plot, shown(), colours)],
      setSelect: [
        (plot) => {
          const { left, width: chosen } = plot.select;
          if (chosen > 3) choose({ from: plot.posToVal(left, 'x'), to: plot.posToVal(left + chosen, 'x') });
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Darkens what the lanes do not show. */
function shade(plot: uPlot, { from, to }: TimeWindow, colours: Colours): void {
  const { ctx, bbox } = plot;
  const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(to, 'x', true)];
  ctx.save();
  ctx.fillStyle = colours.outside;
  ctx.fillRect(bbox.left, 0, Math.max(0, left - bbox.left), plot.height * devicePixelRatio);
  ctx.fillRect(right, 0, Math.max(0, bbox.left + bbox.width - right), plot.height * devicePixelRatio);
  ctx.fillStyle = colours.accent;
  ctx.fillRect(left - 1, 0, 2, plot.height * devicePixelRatio);
  ctx.fillRect(right - 1, 0, 2, plot.height * devicePixelRatio);
  ctx.restore();
}
