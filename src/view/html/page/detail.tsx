import type { FactEntry } from '../data/report-data.ts';
import { RAW, STREAMS } from '../data/report-data.ts';
import { laneName } from '../model/lanes.ts';
import { NO_LANE } from '../model/rows.ts';
import { statesOf } from '../model/states.ts';
import { visibleLines, visibleText } from '../model/visible.ts';
import type { PanelProps } from './app.tsx';
import type { Opened } from './opened.ts';

/** Everything that the story knows of one entry. */
export function Detail({ opened, update, view, row }: PanelProps & { readonly row: number }) {
  const fact = opened.rows.factOf(row);
  const laneNumber = opened.rows.lane[row] ?? NO_LANE;
  const lane = opened.index.lanes[laneNumber];
  return (
    <aside class="detail" aria-label="The entry that is looked at">
      <p class="detail-head">
        <b>#{opened.rows.seqOf(row)}</b> {lane !== undefined && visibleText(laneName(opened.index, lane))}
        <button type="button" class="close" aria-label="Close" onClick={() => update({ row: undefined })}>
          ×
        </button>
      </p>
      <p class="actions">
        {lane !== undefined && !view.chosen.has(laneNumber) && (
          <button type="button" onClick={() => update({ chosen: new Set([laneNumber]) })}>
            Only this lane
          </button>
        )}
        <button type="button" onClick={() => update({ window: around(opened, row) })}>
          Zoom to it
        </button>
        {fact?.type === 'object' && <CompareButton {...{ opened, update, fact }} />}
      </p>
      {fact === undefined ? <Line opened={opened} row={row} /> : <Fact fact={fact} opened={opened} />}
    </aside>
  );
}

function around({ rows, whole }: Opened, row: number) {
  const [at, half] = [rows.time[row] ?? 0, Math.min(2000, (whole.to - whole.from) / 20)];
  return { from: at - half, to: at + half };
}

function CompareButton({
  opened,
  update,
  fact,
}: Pick<PanelProps, 'opened' | 'update'> & { readonly fact: Extract<FactEntry, { type: 'object' }> }) {
  const after = statesOf(opened.facts, fact.object).findIndex(({ seq }) => seq === fact.seq);
  const comparison = { object: fact.object, before: Math.max(0, after - 1), after };
  return (
    <button type="button" onClick={() => update({ tab: 'compare', comparison })}>
      Compare with the state before
    </button>
  );
}

function Line({ opened, row }: { readonly opened: Opened; readonly row: number }) {
  const line = opened.rows.lineOf(row) ?? 0;
  const flags = opened.data.logs.flags[line] ?? 0;
  const run = opened.facts.containers[opened.data.logs.container[line] ?? -1];
  const isRaw = (flags & RAW) !== 0;
  return (
    <>
      <dl>
        <dt>time</dt>
        <dd>{exactTime(opened, line)}</dd>
        <dt>stream</dt>
        <dd>{STREAMS[flags & 3] ?? 'unknown'}</dd>
        {run !== undefined && run.restart > 0 && (
          <>
            <dt>run</dt>
            <dd>restart {run.restart}</dd>
          </>
        )}
      </dl>
      <pre>{visibleLines(opened.rows.textOf(row, 200_000))}</pre>
      {isRaw && (
        <>
          <p class="quiet">This line is not valid UTF-8. Its bytes:</p>
          <pre>{hexOf(opened.rows.bytesOf(line))}</pre>
        </>
      )}
    </>
  );
}

/** All nine digits: they stand in the columns, though a double cannot hold them. */
function exactTime({ data, epoch }: Opened, line: number): string {
  const second = Math.floor(epoch / 1000) + (data.logs.seconds[line] ?? 0);
  const nanos = String(data.logs.nanos[line] ?? 0).padStart(9, '0');
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${nanos}Z`;
}

function hexOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 512), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 512 ? `${hex} …` : hex;
}

function Fact({ fact, opened }: { readonly fact: FactEntry; readonly opened: Opened }) {
  const { seq: _seq, type: _type, ...rest } = fact;
  const gap = fact.type === 'gap' ? opened.facts.gaps[fact.gap] : undefined;
  const { state, patch, ...fields } = { state: undefined, patch: undefined, ...rest, ...gap };
  return (
    <>
      <dl>
        {Object.entries(fields).map(([name, value]) => [
          <dt key={`${name}-name`}>{visibleText(name)}</dt>,
          <dd key={name}>{visibleText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}</dd>,
        ])}
      </dl>
      {patch !== undefined && <pre>{visibleLines(JSON.stringify(patch, null, 1))}</pre>}
      {state !== undefined && <pre>{visibleLines(JSON.stringify(state, null, 1))}</pre>}
    </>
  );
}
