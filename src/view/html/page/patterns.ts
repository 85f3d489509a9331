import type { ColourName, Colours } from './theme.ts';

/** Textures by what they stand for; what has none is plain. */
export type Patterns = Partial<Record<ColourName, CanvasPattern>>;

const SIZE = 8;

/** Stripes for what waits or goes, crossed ones for what is missing: they tell without colour, too. */
export function patternsOf(context: CanvasRenderingContext2D, colours: Colours): Patterns {
  const patterns: Patterns = {};
  const add = (name: ColourName, lean: readonly (1 | -1)[], alpha: number) => {
    const pattern = context.createPattern(tile(colours[name], lean, alpha), 'repeat');
    if (pattern !== null) patterns[name] = pattern;
  };
  add('waiting', [1], 0.25);
  add('leaving', [-1], 0.2);
  add('failed', [1], 0.35);
  add('missing', [1, -1], 0.2);
  return patterns;
}

function tile(colour: string, lean: readonly (1 | -1)[], alpha: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  context.fillStyle = colour;
  context.globalAlpha = alpha;
  context.fillRect(0, 0, SIZE, SIZE);
  context.globalAlpha = 0.9;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  for (const direction of lean)
    for (const shift of [-SIZE, 0, SIZE]) {
      context.beginPath();
      context.moveTo(shift, direction === 1 ? SIZE : 0);
      context.lineTo(shift + SIZE, direction === 1 ? 0 : SIZE);
      context.stroke();
    }
  return canvas;
}
