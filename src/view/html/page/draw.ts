import { countBefore } from '../model/density.ts';
import type { LaneStory, Mark, Span, Step } from '../model/spans.ts';
import { drawAxis } from './draw-axis.ts';
import { drawMark } from './draw-mark.ts';
import { LANE_HEIGHT } from './lane-tree.tsx';
import type { Opened, TimeWindow } from './opened.ts';
import type { Patterns } from './patterns.ts';
import type { Size } from './size.ts';
import type { Colours } from './theme.ts';

/** Everything that one frame of the lanes shows. */
export interface Scene extends Size {
  readonly opened: Opened;
  readonly window: TimeWindow;
  readonly shown: readonly number[];
  readonly chosen: ReadonlySet<number>;
  readonly top: number;
  readonly colours: Colours;
  readonly patterns: Patterns;
  /** The moment of the row that is looked at. */
  readonly looked: number | undefined;
  /** Where the pointer is, in pixels. */
  readonly pointer: { readonly x: number; readonly y: number } | undefined;
}

const BAR = { top: 5, height: 14 };
/** Pixels that a stretch of log density is wide. */
const COLUMN = 3;

/** Pixels from the left of a moment. */
export function xOf({ window, width }: Pick<Scene, 'window' | 'width'>, at: number): number {
  return ((at - window.from) / (window.to - window.from)) * width;
}

/** Draws the lanes that are in view; the cost grows with them, not with the story. */
export function drawScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { width, height, top, shown, colours, opened, window } = scene;
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  drawAxis(context, scene);
  const first = Math.floor(top / LANE_HEIGHT);
  const last = Math.min(shown.length, Math.ceil((top + height) / LANE_HEIGHT));
  for (let place = first; place < last; place += 1) {
    const lane = shown[place] ?? 0;
    drawLane(context, { scene, lane, y: place * LANE_HEIGHT - top });
  }
  context.fillStyle = colours.outside;
  const [begin, end] = [xOf(scene, 0), xOf(scene, opened.recorded.to)];
  if (begin > 0) context.fillRect(0, 0, begin, height); // before the recording
  if (end < width && window.to > opened.recorded.to) context.fillRect(end, 0, width - end, height);
  drawCursors(context, scene);
}

interface LanePlace {
  readonly scene: Scene;
  readonly lane: number;
  readonly y: number;
}

function drawLane(context: CanvasRenderingContext2D, place: LanePlace): void {
  const { scene, lane, y } = place;
  const { colours, width, opened } = scene;
  const story = opened.stories[lane];
  if (story === undefined) return;
  if (scene.chosen.has(lane)) {
    context.fillStyle = colours.band;
    context.fillRect(0, y, width, LANE_HEIGHT);
  }
  context.fillStyle = colours.line;
  context.fillRect(0, y + LANE_HEIGHT - 1, width, 1);
  drawExistence(context, place);
  for (const span of story.spans) drawSpan(context, place, span);
  if (story.steps.length > 0) drawSteps(context, place, story.steps);
  drawDensity(context, place);
  drawLabels(context, place, story);
  drawMissing(context, place, story);
  drawMarks(context, place, story.marks);
}

/** A thin line for as long as the object is known to have been there. */
function drawExistence(context: CanvasRenderingContext2D, { scene, lane, y }: LanePlace): void {
  const { opened, colours } = scene;
  const { object, container } = opened.index.lanes[lane] ?? {};
  const described = container === undefined ? opened.facts.objects[object ?? -1] : undefined;
  if (described === undefined) return;
  const { firstSeen, deletedTime } = described;
  const since = (time: string) => Date.parse(`${time.slice(0, 23)}Z`) - opened.epoch;
  const from = Math.max(0, xOf(scene, since(firstSeen)));
  const to = deletedTime === undefined ? xOf(scene, opened.recorded.to) : xOf(scene, since(deletedTime));
  context.fillStyle = colours.exists;
  context.fillRect(from, y + LANE_HEIGHT / 2 - 1, Math.max(0, Math.min(to, scene.width) - from), 2);
}

function drawSpan(context: CanvasRenderingContext2D, { scene, y }: LanePlace, { from, to, tone }: Span): void {
  const { colours, patterns, width } = scene;
  const [left, right] = [Math.max(-2, xOf(scene, from)), Math.min(width + 2, xOf(scene, to))];
  if (right < 0 || left > width) return;
  const size = Math.max(2, right - left);
  context.fillStyle = colours.ground;
  context.fillRect(left, y + BAR.top, size, BAR.height);
  context.fillStyle = patterns[tone] ?? colours[tone];
  context.globalAlpha = 0.85;
  context.fillRect(left, y + BAR.top, size, BAR.height);
  context.globalAlpha = 1;
  context.fillStyle = colours[tone];
  context.fillRect(left, y + BAR.top + BAR.height - 2, size, 2);
  context.fillRect(left, y + BAR.top, 1, BAR.height);
}

/** Pixels below which a span has no room for its name. */
const LABELLED = 36;

/** The names of the spans, over everything that stands in them. */
function drawLabels(context: CanvasRenderingContext2D, { scene, y }: LanePlace, { spans, marks }: LaneStory): void {
  for (const { from, to, text } of spans) {
    const [left, right] = [Math.max(0, xOf(scene, from)), Math.min(scene.width, xOf(scene, to))];
    // The flag of the crash before stands at the beginning of what follows it.
    const flag = marks.some(({ at, tone }) => tone === 'crashed' && Math.abs(xOf(scene, at) - left) < 12) ? 16 : 0;
    const room = right - left - 8 - flag;
    if (room < LABELLED - 8) continue;
    context.save();
    context.beginPath();
    context.rect(left + 4 + flag, y, room, LANE_HEIGHT);
    context.clip();
    context.fillStyle = scene.colours.ink;
    context.fillText(text, left + 6 + flag, y + BAR.top + BAR.height / 2);
    context.restore();
  }
}

/** Ready replicas as a line between none and all that are wanted, over the rollout. */
function drawSteps(context: CanvasRenderingContext2D, { scene, y }: LanePlace, steps: readonly Step[]): void {
  const { colours, width, opened } = scene;
  const most = Math.max(1, ...steps.map(({ ready, wanted }) => Math.max(ready, wanted)));
  const [low, size] = [y + LANE_HEIGHT - 3, LANE_HEIGHT - 7];
  for (const [index, { at, ready, wanted }] of steps.entries()) {
    const left = Math.max(0, xOf(scene, at));
    const right = Math.min(width, xOf(scene, steps[index + 1]?.at ?? opened.recorded.to));
    if (right <= 0 || left >= width || right <= left) continue;
    context.fillStyle = ready < wanted ? colours.warning : colours.ready;
    context.globalAlpha = 0.9;
    context.fillRect(left, low - (ready / most) * size, right - left, 2);
    context.globalAlpha = 0.16;
    context.fillRect(left, low - (ready / most) * size, right - left, (ready / most) * size);
    context.globalAlpha = 1;
    const label = `${ready}/${wanted}`;
    context.fillStyle = colours.quiet;
    if (right - left > 60) context.fillText(label, right - 26, y + LANE_HEIGHT / 2);
  }
}

/** How much was logged, as columns within the bar. */
function drawDensity(context: CanvasRenderingContext2D, { scene, lane, y }: LanePlace): void {
  const { opened, window, width, colours } = scene;
  const times = opened.lineTimes[lane];
  if (times === undefined || times.length === 0) return;
  const step = ((window.to - window.from) / width) * COLUMN;
  let before = countBefore(times, window.from);
  context.fillStyle = colours.density;
  for (let x = 0; x < width && before < times.length; x += COLUMN) {
    const after = countBefore(times, window.from + (x / COLUMN + 1) * step);
    if (after > before) {
      const size = Math.min(BAR.height - 3, 1 + Math.log2(after - before + 1) * 1.4);
      context.fillRect(x, y + BAR.top + BAR.height - size, COLUMN - 1, size);
    }
    before = after;
  }
}

function drawMissing(context: CanvasRenderingContext2D, { scene, y }: LanePlace, { missing }: LaneStory): void {
  const { colours, patterns, width } = scene;
  for (const { from, to } of missing) {
    const [left, right] = [Math.max(-2, xOf(scene, from)), Math.min(width + 2, xOf(scene, to))];
    if (right < 0 || left > width) continue;
    context.fillStyle = patterns.missing ?? colours.missing;
    context.fillRect(left, y + 2, Math.max(4, right - left), LANE_HEIGHT - 5);
    context.strokeStyle = colours.missing;
    context.strokeRect(left + 0.5, y + 2.5, Math.max(4, right - left) - 1, LANE_HEIGHT - 6);
  }
}

/** Of marks of one sign that would stand on one another, one is drawn. */
function drawMarks(context: CanvasRenderingContext2D, { scene, y }: LanePlace, marks: readonly Mark[]): void {
  const last = new Map<string, number>();
  for (const mark of marks) {
    const x = xOf(scene, mark.at);
    if (x < -8 || x > scene.width + 8 || x - (last.get(mark.tone) ?? Number.NEGATIVE_INFINITY) < 4) continue;
    last.set(mark.tone, x);
    drawMark(context, mark, { x, y, colours: scene.colours });
  }
}

function drawCursors(context: CanvasRenderingContext2D, scene: Scene): void {
  const { height, colours, looked, pointer } = scene;
  if (looked !== undefined) {
    context.fillStyle = colours.accent;
    context.fillRect(Math.round(xOf(scene, looked)) - 1, 0, 2, height);
  }
  if (pointer === undefined) return;
  context.fillStyle = colours.quiet;
  context.globalAlpha = 0.5;
  context.fillRect(Math.round(pointer.x), 0, 1, height);
  context.globalAlpha = 1;
}
