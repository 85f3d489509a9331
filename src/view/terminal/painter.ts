import { styleText } from 'node:util';
import type { Line, Tone } from './line.ts';
import { clip, columnsOf } from './width.ts';

const STYLES: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  plain: [],
  dim: 'dim',
  bold: 'bold',
  good: 'green',
  busy: 'yellow',
  bad: ['red', 'bold'],
  event: 'cyan',
  change: 'magenta',
};

/** Makes text of a line: cut to the width, coloured or not. */
export type Painter = (line: Line, columns: number) => string;

export function painter(hasColour: boolean): Painter {
  return (line, columns) => {
    let rest = columns;
    let painted = '';
    for (const { text, tone } of line) {
      const shown = clip(text, rest);
      const isCut = shown.length < text.length;
      painted += hasColour && tone !== 'plain' ? styleText(STYLES[tone], shown, { validateStream: false }) : shown;
      rest = isCut ? 0 : rest - columnsOf(shown);
      if (rest <= 0) break;
    }
    return painted;
  };
}

/** Whether colours are wanted: https://no-color.org, and FORCE_COLOR where they are not seen to be possible. */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return isTerminal && !isDumb(env);
}

/** A terminal that can do nothing but print. */
export function isDumb(env: NodeJS.ProcessEnv): boolean {
  return env.TERM === undefined || env.TERM === '' || env.TERM === 'dumb';
}
