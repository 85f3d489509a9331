import type { PanelProps } from './app.tsx';
import { lookAt, panned, zoomed } from './view.ts';

/** Whether a key belongs to a field that is typed in. */
export function isTyping({ target, key }: KeyboardEvent): boolean {
  return (
    key !== 'Escape' && target instanceof HTMLElement && target.matches('input:not([type=checkbox]), select, textarea')
  );
}

type Keys = Omit<PanelProps, 'view'>;

const ACTIONS: Readonly<Record<string, (keys: Keys) => void>> = {
  '/': () => document.getElementById('search')?.focus(),
  '?': ({ update }) => update(({ isHelpOpen }) => ({ isHelpOpen: !isHelpOpen })),
  '+': (keys) => zoom(keys, 0.5),
  '=': (keys) => zoom(keys, 0.5),
  '-': (keys) => zoom(keys, 2),
  a: (keys) => pan(keys, -0.25),
  d: (keys) => pan(keys, 0.25),
  w: (keys) => zoom(keys, 0.5),
  s: (keys) => zoom(keys, 2),
  0: ({ update, opened }) => update({ window: opened.recorded }),
  9: ({ update, opened }) => update({ window: opened.whole }),
  n: (keys) => step(keys, 1),
  N: (keys) => step(keys, -1),
  Escape: ({ update }) =>
    update(({ isHelpOpen, row }) =>
      isHelpOpen ? { isHelpOpen: false } : row === undefined ? { chosen: new Set() } : { row: undefined },
    ),
};

/** The keys that work everywhere on the page. */
export function onKey(event: KeyboardEvent, keys: Keys): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : undefined;
  if (action === undefined) return;
  event.preventDefault();
  action(keys);
}

function zoom({ update, opened }: Keys, factor: number): void {
  update(({ window }) => ({ window: zoomed(window, factor, (window.from + window.to) / 2, opened.whole) }));
}

function pan({ update, opened }: Keys, share: number): void {
  update(({ window }) => ({ window: panned(window, share, opened.whole) }));
}

/** To the next match of the search, or without one to the next row. */
function step({ update, search, shown }: Keys, by: 1 | -1): void {
  update((view) => {
    const candidates = search.hits === undefined ? shown : shown.filter((row) => search.hits?.[row] === 1);
    const at = view.row ?? -1;
    const next = by === 1 ? candidates.find((row) => row > at) : candidates.findLast((row) => row < at);
    return next === undefined ? {} : lookAt(next)(view);
  });
}
