import type { Mark } from '../model/spans.ts';
import { LANE_HEIGHT } from './lane-tree.tsx';
import type { Colours } from './theme.ts';

interface MarkPlace {
  readonly x: number;
  readonly y: number;
  readonly colours: Colours;
}

/** Each sign has a form of its own, so that it reads without its colour. */
export function drawMark(context: CanvasRenderingContext2D, { tone, label }: Mark, { x, y, colours }: MarkPlace): void {
  const middle = y + LANE_HEIGHT / 2;
  switch (tone) {
    case 'normal':
      dot(context, x, y + LANE_HEIGHT - 5, colours.quiet);
      break;
    case 'warning':
      triangle(context, x, y + 2, colours);
      break;
    case 'change':
      diamond(context, x, middle, colours);
      break;
    case 'ended':
      context.fillStyle = colours.done;
      context.fillRect(x - 1, y + 3, 2, LANE_HEIGHT - 7);
      break;
    case 'crashed':
      flag(context, label ?? '', { x, y, colours });
      break;
    case 'deleted':
      cross(context, x, middle, colours);
      break;
    case 'note':
      dot(context, x, middle, colours.accent);
      break;
  }
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, 2, 0, 7);
  context.fill();
}

function triangle(context: CanvasRenderingContext2D, x: number, y: number, colours: Colours): void {
  shape(context, colours.warning, colours.ground, [
    [x, y],
    [x + 5, y + 9],
    [x - 5, y + 9],
  ]);
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, colours: Colours): void {
  shape(context, colours.change, colours.ground, [
    [x, y - 6],
    [x + 5, y],
    [x, y + 6],
    [x - 5, y],
  ]);
}

function shape(
  context: CanvasRenderingContext2D,
  fill: string,
  edge: string,
  points: readonly (readonly [number, number])[],
): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = fill;
  context.strokeStyle = edge;
  context.lineWidth = 1;
  context.fill();
  context.stroke();
}

/** The end of a run by its exit code. */
function flag(context: CanvasRenderingContext2D, label: string, { x, y, colours }: MarkPlace): void {
  context.fillStyle = colours.failed;
  context.fillRect(x - 1, y + 2, 2, LANE_HEIGHT - 5);
  if (label === '') return;
  const size = 6 + label.length * 6;
  context.beginPath();
  context.roundRect(x, y + 5, size, 13, [0, 3, 3, 0]);
  context.fill();
  context.fillStyle = colours.ground;
  context.fillText(label, x + 3, y + 12);
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, colours: Colours): void {
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const [dx, dy] of [
    [1, 1],
    [1, -1],
  ] as const) {
    context.moveTo(x - 4 * dx, y - 4 * dy);
    context.lineTo(x + 4 * dx, y + 4 * dy);
  }
  context.stroke();
}
