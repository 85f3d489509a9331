import { printable } from '../../model/printable.ts';

/** What the keys have set. */
export interface Controls {
  readonly isPaused: boolean;
  /** Only entries that hold this text are shown; empty for all. */
  readonly filter: string;
  /** A filter is being typed. */
  readonly isTyping: boolean;
}

export const INITIAL: Controls = { isPaused: false, filter: '', isTyping: false };

/** What a key asks for beyond the controls. */
export type KeyAction = 'quit' | 'suspend' | undefined;

const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
const ESCAPE = '\u001b';
const BACKSPACES = ['\u007f', '\b'];

/** The controls after a key: one character of what a terminal in raw mode sends. Sequences, as of arrows, do nothing. */
export function pressed(controls: Controls, key: string): { readonly controls: Controls; readonly action: KeyAction } {
  if (key === CTRL_C) return { controls, action: 'quit' };
  if (key === CTRL_Z) return { controls, action: 'suspend' };
  if (controls.isTyping) return { controls: typed(controls, key), action: undefined };
  switch (key) {
    case 'q':
      return { controls, action: 'quit' };
    case ' ':
    case 'p':
      return { controls: { ...controls, isPaused: !controls.isPaused }, action: undefined };
    case '/':
      return { controls: { ...controls, isTyping: true, filter: '' }, action: undefined };
    case ESCAPE:
      return { controls: { ...controls, filter: '' }, action: undefined };
    default:
      return { controls, action: undefined };
  }
}

function typed(controls: Controls, key: string): Controls {
  const { filter } = controls;
  if (key === '\r' || key === '\n') return { ...controls, isTyping: false };
  if (key === ESCAPE) return { ...controls, isTyping: false, filter: '' };
  if (BACKSPACES.includes(key)) return { ...controls, filter: [...filter].slice(0, -1).join('') };
  return printable(key) === key ? { ...controls, filter: filter + key } : controls;
}

/** The keys in what was read at once: characters, and escape sequences as one key each. */
export function keysOf(input: string): readonly string[] {
  return input.match(SEQUENCE) ?? [];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z])|[\s\S]/gu;
