import { laneName } from '../model/lanes.ts';
import { ROW_TYPES, type RowType } from '../model/rows.ts';
import { visibleText } from '../model/visible.ts';
import type { PanelProps } from './app.tsx';
import { Detail } from './detail.tsx';
import { EntryList } from './entry-list.tsx';

const TYPE_NAMES: Readonly<Record<RowType, string>> = {
  log: 'Logs',
  event: 'Events',
  lifecycle: 'Lifecycle',
  object: 'Changes',
  gap: 'Gaps',
  note: 'Notes',
};

/** Everything that happened, as a list: filtered by lane, kind and text. */
export function EntriesPanel(props: PanelProps) {
  const { view } = props;
  return (
    <div class={`entries${view.row === undefined ? '' : ' with-detail'}`}>
      <FilterBar {...props} />
      <EntryList {...props} />
      {view.row !== undefined && <Detail {...props} row={view.row} />}
    </div>
  );
}

function FilterBar(props: PanelProps) {
  const { view, update, shown, opened } = props;
  const toggle = (type: RowType) => () => {
    const types = new Set(view.types);
    if (!types.delete(type)) types.add(type);
    update({ types });
  };
  return (
    <search class="filter">
      <SearchField {...props} />
      <fieldset>
        <legend class="hidden">Kinds of entries</legend>
        {ROW_TYPES.filter((type) => opened.rows.type.includes(ROW_TYPES.indexOf(type))).map((type) => (
          <label key={type} class={`type ${type}`}>
            <input type="checkbox" checked={view.types.has(type)} onChange={toggle(type)} /> {TYPE_NAMES[type]}
          </label>
        ))}
      </fieldset>
      <Chosen {...props} />
      <output class="quiet">
        {shown.length.toLocaleString('en')} {shown.length === 1 ? 'entry' : 'entries'}
      </output>
    </search>
  );
}

function SearchField({ view, update, search }: PanelProps) {
  const matches = search.isRunning
    ? 'searching…'
    : view.query === ''
      ? ''
      : `${search.count.toLocaleString('en')} found`;
  return (
    <span class="search">
      <input
        id="search"
        type="search"
        placeholder="Search all entries  ( / )"
        aria-label="Search all entries"
        autocomplete="off"
        spellcheck={false}
        value={view.query}
        onInput={(event) => update({ query: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
        }}
      />
      <label title="Leave out what does not match; otherwise n and N go to the next and the previous match">
        <input
          type="checkbox"
          checked={view.isOnlyMatches}
          onChange={(event) => update({ isOnlyMatches: event.currentTarget.checked })}
        />{' '}
        only matches
      </label>
      <output class="found" aria-live="polite">
        {matches}
      </output>
    </span>
  );
}

/** The lanes that are chosen, each to be let go again. */
function Chosen({ view, update, opened }: PanelProps) {
  if (view.chosen.size === 0) return <span class="quiet">all lanes</span>;
  const lanes = [...view.chosen];
  return (
    <span class="chosen">
      {lanes.slice(0, 3).map((lane) => {
        const described = opened.index.lanes[lane];
        const name = described === undefined ? '' : visibleText(laneName(opened.index, described));
        const rest = new Set(lanes.filter((other) => other !== lane));
        return (
          <button
            key={lane}
            type="button"
            aria-label={`No longer only ${name}`}
            onClick={() => update({ chosen: rest })}
          >
            {name} ×
          </button>
        );
      })}
      {lanes.length > 3 && (
        <button type="button" onClick={() => update({ chosen: new Set() })}>
          and {lanes.length - 3} more ×
        </button>
      )}
    </span>
  );
}
