import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { filterRows } from '../model/rows.ts';
import { Compare } from './compare.tsx';
import { EntriesPanel } from './entries-panel.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { LaneTable } from './lane-table.tsx';
import { Ledger } from './ledger.tsx';
import type { Opened } from './opened.ts';
import { printOnDemand } from './print.tsx';
import { useSearch } from './search-task.ts';
import { isTyping, onKey } from './shortcuts.ts';
import { Tabs } from './tabs.tsx';
import { Timeline } from './timeline.tsx';
import { firstView, type Update, type View, withBelow } from './view.ts';

/** The whole page: verdict, time line, and beneath it the entries, a comparison, the ledger or the lanes as a table. */
export function App({ opened }: { readonly opened: Opened }) {
  const [view, setView] = useState<View>(() => firstView(opened));
  const update = useCallback<Update>(
    (change) => setView((old) => ({ ...old, ...(typeof change === 'function' ? change(old) : change) })),
    [],
  );
  const search = useSearch(opened, view.query);
  const hits = view.isOnlyMatches ? search.hits : undefined;
  const shown = useMemo(
    () => filterRows(opened.rows, { types: view.types, lanes: withBelow(opened, view.chosen), hits }),
    [opened, view.types, view.chosen, hits],
  );
  useEffect(() => printOnDemand(opened), [opened]);
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (!isTyping(event)) onKey(event, { opened, update, search, shown });
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [opened, update, search, shown]);
  return (
    <>
      <Header opened={opened} update={update} />
      <main>
        <Timeline opened={opened} view={view} update={update} hits={search.hits} />
        <section class="below" aria-label="Details">
          <Tabs tab={view.tab} update={update} opened={opened} />
          <div class="panel" role="tabpanel" id={`panel-${view.tab}`} aria-labelledby={`tab-${view.tab}`}>
            <Panel {...{ opened, view, update, search, shown }} />
          </div>
        </section>
      </main>
      {view.isHelpOpen && <Help close={() => update({ isHelpOpen: false })} />}
    </>
  );
}

export interface PanelProps {
  readonly opened: Opened;
  readonly view: View;
  readonly update: Update;
  readonly search: ReturnType<typeof useSearch>;
  readonly shown: Uint32Array;
}

function Panel(props: PanelProps) {
  const { opened, view, update } = props;
  switch (view.tab) {
    case 'entries':
      return <EntriesPanel {...props} />;
    case 'compare':
      return <Compare opened={opened} comparison={view.comparison} update={update} />;
    case 'ledger':
      return <Ledger opened={opened} />;
    case 'table':
      return <LaneTable opened={opened} chosen={view.chosen} update={update} />;
  }
}
