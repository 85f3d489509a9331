import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clockText } from '../model/clock.ts';
import { NO_LANE } from '../model/rows.ts';
import { visibleText } from '../model/visible.ts';
import { drawScene, type Scene } from './draw.ts';
import { AXIS_HEIGHT, drawAxisLabels } from './draw-axis.ts';
import { type Found, findAt } from './find-at.ts';
import type { LaneListProps } from './lane-tree.tsx';
import type { Opened } from './opened.ts';
import { patternsOf } from './patterns.ts';
import { usePointer } from './pointer.ts';
import { type Size, useSize } from './size.ts';
import { coloursOf, onTheme } from './theme.ts';
import { listFrom, lookAt, withBelow } from './view.ts';

/** The drawing of the lanes: what each was and when. The tree beside it says the same to a screen reader, as does the table. */
export function Lanes(props: LaneListProps) {
  const { opened, view, shown, top, update } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const [theme, setTheme] = useState(0);
  useEffect(() => onTheme(() => setTheme((count) => count + 1)), []);
  const look = useLook(canvas, theme);
  const chosen = useMemo(() => withBelow(opened, view.chosen) ?? view.chosen, [opened, view.chosen]);
  const pointer = usePointer(box, props, size);
  useLayoutEffect(() => {
    const [lanes, labels] = [
      fitted(canvas.current, size.width, size.height),
      fitted(axis.current, size.width, AXIS_HEIGHT),
    ];
    if (lanes === undefined || labels === undefined || look === undefined) return;
    const looked = view.row === undefined ? undefined : drawnAt(opened, view.row);
    const scene: Scene = {
      ...size,
      ...look,
      opened,
      shown,
      top,
      window: view.window,
      chosen,
      looked,
      pointer: pointer.at,
    };
    drawScene(lanes, scene);
    drawAxisLabels(labels, scene);
  });
  const found = useMemo(
    () =>
      pointer.at === undefined
        ? undefined
        : findAt(pointer.at, { opened, shown, top, window: view.window, width: size.width }),
    [pointer.at, opened, shown, top, view.window, size.width],
  );
  const onClick = () => {
    if (pointer.wasDragged() || pointer.at === undefined) return;
    if (found?.seq !== undefined) update(lookAt(opened.rows.rowOfSeq(found.seq)));
    else update(listFrom(view.window.from + (pointer.at.x / size.width) * (view.window.to - view.window.from)));
  };
  return (
    <>
      <canvas class="axis" ref={axis} />
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the tree and of the page do as much */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it is an image that the tree and the table put in words */}
      <div class={`lanes${found === undefined ? '' : ' found'}`} ref={box} onClick={onClick}>
        <canvas
          ref={canvas}
          role="img"
          aria-label="Time line of all lanes; the tab “Lanes as text” says the same in a table"
        />
        {found !== undefined && pointer.at !== undefined && (
          <Tooltip found={found} at={pointer.at} size={size} epoch={opened.epoch} />
        )}
      </div>
    </>
  );
}

/** Where a row's entry stands in the drawing: what is known of its order may place it later than its time says. */
function drawnAt({ rows, stories }: Opened, row: number): number | undefined {
  const story = stories[rows.lane[row] ?? NO_LANE];
  const seq = rows.seqOf(row);
  const mark = story?.marks.find((other) => other.seq === seq)?.at;
  return mark ?? story?.spans.find((other) => other.seq === seq)?.from ?? rows.time[row];
}

/** Colours and textures, read from the styles anew when the theme changes. */
function useLook(canvas: { readonly current: HTMLCanvasElement | null }, theme: number) {
  const [look, setLook] = useState<Pick<Scene, 'colours' | 'patterns'>>();
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context === null || context === undefined) return;
    const colours = coloursOf(canvas.current);
    setLook({ colours, patterns: patternsOf(context, colours) });
  }, [canvas, theme]);
  return look;
}

/** The canvas in device pixels, measured in CSS pixels. */
function fitted(canvas: HTMLCanvasElement | null, width: number, height: number): CanvasRenderingContext2D | undefined {
  const context = canvas?.getContext('2d');
  if (canvas === null || context === null || context === undefined || width === 0) return undefined;
  const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return context;
}

interface TooltipProps {
  readonly found: Found;
  readonly at: { readonly x: number; readonly y: number };
  readonly size: Size;
  readonly epoch: number;
}

function Tooltip({ found, at, size, epoch }: TooltipProps) {
  const { width, height } = size;
  const style = {
    ...(at.y > height / 2 ? { bottom: height - at.y + 12 } : { top: at.y + 14 }),
    ...(at.x > width / 2 ? { right: width - at.x + 10 } : { left: at.x + 10 }),
  };
  const { from, to } = found;
  return (
    <div class="tooltip" role="tooltip" style={style}>
      <p class="quiet">
        {clockText(epoch + from)}
        {to === undefined ? '' : ` – ${clockText(epoch + to)}`} <span>{visibleText(found.lane)}</span>
      </p>
      {found.texts.map((text, number) => (
        <p key={number}>{visibleText(text).slice(0, 240)}</p>
      ))}
    </div>
  );
}
