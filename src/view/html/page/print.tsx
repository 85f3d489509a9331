import { render } from 'preact';
import { LaneTable } from './lane-table.tsx';
import { Ledger } from './ledger.tsx';
import type { Opened } from './opened.ts';

const NONE: ReadonlySet<number> = new Set();

/** On paper the lanes as text and the ledger follow the time line; they are made when a print begins. */
export function printOnDemand(opened: Opened): () => void {
  const root = document.createElement('div');
  root.className = 'print-only';
  document.body.append(root);
  const begin = () =>
    render(
      <>
        <LaneTable opened={opened} chosen={NONE} update={undefined} />
        <Ledger opened={opened} />
      </>,
      root,
    );
  const end = () => render(null, root);
  addEventListener('beforeprint', begin);
  addEventListener('afterprint', end);
  return () => {
    removeEventListener('beforeprint', begin);
    removeEventListener('afterprint', end);
    root.remove();
  };
}
