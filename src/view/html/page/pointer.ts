import { useEffect, useRef, useState } from 'preact/hooks';
import { LANE_HEIGHT, type LaneListProps } from './lane-tree.tsx';
import type { Size } from './size.ts';
import { panned, zoomed } from './view.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Zoom a wheel's notch by about a fifth. */
const WHEEL = 0.002;

/**
 * Drag moves through time and lanes, the wheel scrolls the lanes, with Ctrl or Shift (or where all lanes are in view) it
 * zooms at the pointer. What comes faster than frames are drawn is put together.
 */
export function usePointer(box: { readonly current: HTMLElement | null }, props: LaneListProps, size: Size) {
  const [at, setAt] = useState<Point>();
  const latest = useRef({ props, size });
  latest.current = { props, size };
  const dragged = useRef(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const pending = { factor: 1, share: 0, down: 0, point: undefined as Point | undefined };
    let frame = 0;
    const flush = () => {
      frame = 0;
      apply(pending, latest.current);
      if (pending.point !== undefined) setAt(pending.point);
      Object.assign(pending, { factor: 1, share: 0, down: 0 });
    };
    const later = () => {
      frame ||= requestAnimationFrame(flush);
    };
    const pointOf = (event: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { shown } = latest.current.props;
      const isZoom =
        event.ctrlKey || event.shiftKey || event.metaKey || shown.length * LANE_HEIGHT <= element.clientHeight;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && !event.shiftKey)
        pending.share += event.deltaX / element.clientWidth;
      else if (isZoom) pending.factor *= Math.exp((event.deltaY || event.deltaX) * WHEEL);
      else pending.down += event.deltaY;
      pending.point = pointOf(event);
      later();
    };
    const onMove = (event: PointerEvent) => {
      if (event.buttons === 1 && element.hasPointerCapture(event.pointerId)) {
        pending.share -= event.movementX / element.clientWidth;
        pending.down -= event.movementY;
        dragged.current += Math.abs(event.movementX) + Math.abs(event.movementY);
      }
      pending.point = pointOf(event);
      later();
    };
    const onDown = (event: PointerEvent) => {
      dragged.current = 0;
      if (event.button === 0) element.setPointerCapture(event.pointerId);
    };
    const onLeave = () => {
      pending.point = undefined;
      setAt(undefined);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointerleave', onLeave);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointerleave', onLeave);
    };
  }, [box]);
  return { at, wasDragged: () => dragged.current > 4 };
}

function apply(
  { factor, share, down, point }: { factor: number; share: number; down: number; point: Point | undefined },
  { props, size }: { props: LaneListProps; size: Size },
): void {
  const { update, opened, shown, top, setTop } = props;
  if (share !== 0) update(({ window }) => ({ window: panned(window, share, opened.whole) }));
  if (factor !== 1 && point !== undefined)
    update(({ window }) => {
      const around = window.from + (point.x / size.width) * (window.to - window.from);
      return { window: zoomed(window, factor, around, opened.whole) };
    });
  const most = Math.max(0, shown.length * LANE_HEIGHT - size.height);
  if (down !== 0) setTop(Math.min(most, Math.max(0, top + down)));
}
