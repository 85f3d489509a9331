import { clockText, ticksOf } from '../model/clock.ts';
import { type Scene, xOf } from './draw.ts';

/** Height of the axis, which stands above the lanes in an element of its own. */
export const AXIS_HEIGHT = 20;
const GAP = 96;

/** Lines at round times through all lanes. */
export function drawAxis(context: CanvasRenderingContext2D, scene: Scene): void {
  context.fillStyle = scene.colours.line;
  for (const { at } of ticks(scene)) context.fillRect(Math.round(xOf(scene, at)), 0, 1, scene.height);
}

/** The times themselves. */
export function drawAxisLabels(context: CanvasRenderingContext2D, scene: Scene): void {
  const { colours, width, pointer, opened } = scene;
  context.clearRect(0, 0, width, AXIS_HEIGHT);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.fillStyle = colours.quiet;
  for (const { at, label } of ticks(scene)) context.fillText(label, xOf(scene, at) + 4, AXIS_HEIGHT / 2);
  for (const { at } of ticks(scene)) context.fillRect(Math.round(xOf(scene, at)), AXIS_HEIGHT - 6, 1, 6);
  if (pointer === undefined) return;
  const { from, to } = scene.window;
  const text = clockText(opened.epoch + from + (pointer.x / width) * (to - from));
  const size = context.measureText(text).width + 10;
  const left = Math.min(Math.max(0, pointer.x - size / 2), width - size);
  context.fillStyle = colours.ink;
  context.fillRect(left, 1, size, AXIS_HEIGHT - 3);
  context.fillStyle = colours.ground;
  context.fillText(text, left + 5, AXIS_HEIGHT / 2);
}

function ticks({ window, width, opened }: Scene) {
  return ticksOf(window, width, { epoch: opened.epoch, gap: GAP });
}
