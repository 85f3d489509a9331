import { useMemo } from 'preact/hooks';
import { clockText, durationText } from '../model/clock.ts';
import { type TextRow, tableOf } from '../model/table.ts';
import { visibleText } from '../model/visible.ts';
import type { Opened } from './opened.ts';
import { lookAt, type Update, withBelow } from './view.ts';

/** A page holds this many without effort. */
const MOST = 1000;

interface LaneTableProps {
  readonly opened: Opened;
  readonly chosen: ReadonlySet<number>;
  readonly update: Update | undefined;
}

/** What the lanes show, in words: for screen readers, for paper, and to copy. */
export function LaneTable({ opened, chosen, update }: LaneTableProps) {
  const rows = useMemo(() => tableOf(opened.index, opened.stories, withBelow(opened, chosen)), [opened, chosen]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys are to scroll it too
    <section class="ledger" tabIndex={0} aria-label="Lanes as text">
      <table class="lane-table">
        <caption>
          {chosen.size === 0 ? 'All lanes' : 'The chosen lanes'}
          {rows.length > MOST &&
            `: the first ${MOST} of ${rows.length.toLocaleString('en')} rows; choose lanes to see the others`}
        </caption>
        <thead>
          <tr>
            <th scope="col">lane</th>
            <th scope="col">from</th>
            <th scope="col">for</th>
            <th scope="col">what</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, number) => (
            <LaneRow key={number} row={row} opened={opened} update={update} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function LaneRow({ row, opened, update }: { row: TextRow; opened: Opened; update: Update | undefined }) {
  const { lane, isFirst, from, to, text, tone, seq } = row;
  const time = clockText(opened.epoch + from);
  return (
    <tr class={isFirst ? 'first' : ''}>
      <th scope="row">{isFirst ? visibleText(lane) : <span class="hidden">{visibleText(lane)}</span>}</th>
      <td>
        {update === undefined ? (
          time
        ) : (
          <button type="button" class="evidence" onClick={() => update(lookAt(opened.rows.rowOfSeq(seq)))}>
            {time}
          </button>
        )}
      </td>
      <td>{to === undefined ? '' : durationText(to - from)}</td>
      <td class={tone}>{visibleText(text)}</td>
    </tr>
  );
}
