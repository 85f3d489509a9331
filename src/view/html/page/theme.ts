/** Colours that the canvas takes from the styles, so that there is one place for them. */
const NAMES = [
  'ink',
  'quiet',
  'line',
  'ground',
  'raised',
  'accent',
  'pending',
  'waiting',
  'running',
  'ready',
  'leaving',
  'done',
  'failed',
  'rollout',
  'overtaken',
  'exists',
  'warning',
  'change',
  'missing',
  'density',
  'outside',
  'band',
] as const;
export type ColourName = (typeof NAMES)[number];
export type Colours = Readonly<Record<ColourName, string>>;

/** As they are in the theme that is on; a canvas takes colours, not variables. */
export function coloursOf(element: Element): Colours {
  const probe = document.createElement('i');
  element.after(probe);
  const colours = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours) as Colours;
}

/** Between light and dark; without it the system decides. */
export function toggleTheme(): void {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? 'light' : 'dark';
  dispatchEvent(new Event('faro-theme'));
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

/** Calls back whenever the colours change. */
export function onTheme(callback: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  addEventListener('faro-theme', callback);
  return () => {
    system.removeEventListener('change', callback);
    removeEventListener('faro-theme', callback);
  };
}
