import { counted } from '../../../model/grouped.ts';
import type { Opened } from './opened.ts';
import type { Tab, Update } from './view.ts';

const NAMES: Readonly<Record<Tab, string>> = {
  entries: 'Entries',
  compare: 'Compare states',
  ledger: 'Ledger',
  table: 'Lanes as text',
};
const TABS = Object.keys(NAMES) as Tab[];

interface TabsProps {
  readonly tab: Tab;
  readonly update: Update;
  readonly opened: Opened;
}

/** What stands beneath the time line; arrow keys move between the tabs. */
export function Tabs({ tab, update, opened }: TabsProps) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? tab;
    update({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
    event.stopPropagation();
  };
  const gaps = opened.facts.gaps.length;
  return (
    <div class="tabs" role="tablist" aria-label="Beneath the time line">
      {TABS.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === tab}
          aria-controls={`panel-${name}`}
          tabIndex={name === tab ? 0 : -1}
          onClick={() => update({ tab: name })}
          onKeyDown={move}
        >
          {NAMES[name]}
          {name === 'ledger' && gaps > 0 && <span class="count bad">{counted(gaps, 'gap')}</span>}
        </button>
      ))}
    </div>
  );
}
