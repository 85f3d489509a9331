import { useEffect, useRef, useState } from 'preact/hooks';
import { LANE_HEIGHT, type LaneListProps } from './lane-tree.tsx';
import type { Size } from './size.ts';
import { panned, zoomed } from './view.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The lanes as they are drawn now. */
interface Drawn {
  readonly props: LaneListProps;
  readonly size: Size;
}

/** Zoom a wheel's notch by about a fifth. */
const WHEEL = 0.002;
/** Pixels that a pointer may slip in a click. */
const SLIP = 4;

/**
 * Drag moves through time and lanes, the wheel scrolls the lanes, with Ctrl or Shift (or where all lanes are in view) it
 * zooms at the pointer.
 */
export function usePointer(box: { readonly current: HTMLElement | null }, props: LaneListProps, size: Size) {
  const [at, setAt] = useState<Point>();
  const latest = useRef<Drawn>({ props, size });
  latest.current = { props, size };
  const gestures = useRef<Gestures>(undefined);
  useEffect(() => {
    if (box.current === null) return;
    const begun = new Gestures(box.current, () => latest.current, setAt);
    gestures.current = begun;
    return () => begun.end();
  }, [box]);
  return { at, wasDragged: () => (gestures.current?.dragged ?? 0) > SLIP };
}

/** What comes faster than frames are drawn is put together. */
class Gestures {
  /** Pixels since the button went down. */
  dragged = 0;
  readonly #element: HTMLElement;
  readonly #drawn: () => Drawn;
  readonly #onPoint: (point: Point | undefined) => void;
  readonly #listening = new AbortController();
  #pending = { factor: 1, share: 0, down: 0 };
  #point: Point | undefined;
  #frame = 0;

  constructor(element: HTMLElement, drawn: () => Drawn, onPoint: (point: Point | undefined) => void) {
    this.#element = element;
    this.#drawn = drawn;
    this.#onPoint = onPoint;
    const { signal } = this.#listening;
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false, signal });
    element.addEventListener('pointermove', (event) => this.#move(event), { signal });
    element.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    element.addEventListener('pointerleave', () => this.#leave(), { signal });
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    this.#listening.abort();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { deltaX, deltaY, shiftKey } = event;
    const areAllInView = this.#drawn().props.shown.length * LANE_HEIGHT <= this.#element.clientHeight;
    if (Math.abs(deltaX) > Math.abs(deltaY) && !shiftKey) this.#pending.share += deltaX / this.#element.clientWidth;
    else if (event.ctrlKey || event.metaKey || shiftKey || areAllInView)
      this.#pending.factor *= Math.exp((deltaY || deltaX) * WHEEL);
    else this.#pending.down += deltaY;
    this.#later(event);
  }

  #move(event: PointerEvent): void {
    if (event.buttons === 1 && this.#element.hasPointerCapture(event.pointerId)) {
      this.#pending.share -= event.movementX / this.#element.clientWidth;
      this.#pending.down -= event.movementY;
      this.dragged += Math.abs(event.movementX) + Math.abs(event.movementY);
    }
    this.#later(event);
  }

  #down(event: PointerEvent): void {
    this.dragged = 0;
    if (event.button === 0) this.#element.setPointerCapture(event.pointerId);
  }

  #leave(): void {
    this.#point = undefined;
    this.#onPoint(undefined);
  }

  #later(event: MouseEvent): void {
    const { left, top } = this.#element.getBoundingClientRect();
    this.#point = { x: event.clientX - left, y: event.clientY - top };
    this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    const { factor, share, down } = this.#pending;
    this.#frame = 0;
    this.#pending = { factor: 1, share: 0, down: 0 };
    const point = this.#point;
    const { props, size } = this.#drawn();
    const { update, opened, shown, top, setTop } = props;
    if (share !== 0) update(({ window }) => ({ window: panned(window, share, opened.whole) }));
    if (factor !== 1 && point !== undefined)
      update(({ window }) => {
        const around = window.from + (point.x / size.width) * (window.to - window.from);
        return { window: zoomed(window, factor, around, opened.whole) };
      });
    const most = Math.max(0, shown.length * LANE_HEIGHT - size.height);
    if (down !== 0) setTop(Math.min(most, Math.max(0, top + down)));
    if (point !== undefined) this.#onPoint(point);
  }
}
