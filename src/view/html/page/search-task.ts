import { useEffect, useState } from 'preact/hooks';
import { findLines } from '../model/search.ts';
import type { Opened } from './opened.ts';

export interface SearchState {
  /** By row: 1 where it matches. undefined without a search. */
  readonly hits: Uint8Array | undefined;
  readonly count: number;
  readonly isRunning: boolean;
}

const NONE: SearchState = { hits: undefined, count: 0, isRunning: false };
/** Lines looked at between two looks at the clock. */
const SLICE = 4000;
/** Milliseconds of a frame that a search may take. */
const SHARE = 7;

/** The rows that hold a text. It is found a little in each frame, so that the page never stands still. */
export function useSearch(opened: Opened, query: string): SearchState {
  const [found, setFound] = useState({ query: '', state: NONE });
  useEffect(() => {
    if (query === '') {
      setFound({ query, state: NONE });
      return;
    }
    const task = search(opened, query);
    let frame = requestAnimationFrame(function go() {
      const until = performance.now() + SHARE;
      for (let step = task.next(); ; step = task.next()) {
        if (step.done) return setFound({ query, state: step.value });
        if (performance.now() > until) break;
      }
      frame = requestAnimationFrame(go);
    });
    return () => cancelAnimationFrame(frame);
  }, [opened, query]);
  // What was found before is shown until there is something new.
  return found.query === query ? found.state : { ...found.state, isRunning: true };
}

function* search({ rows, data }: Opened, query: string): Generator<void, SearchState> {
  const [needle, lower] = [new TextEncoder().encode(query), query.toLowerCase()];
  const lines = new Uint8Array(data.logs.count);
  for (let from = 0; from < lines.length; from += SLICE) {
    findLines(data.logs, needle, { from, to: Math.min(from + SLICE, lines.length) }, lines);
    yield;
  }
  const hits = new Uint8Array(rows.count);
  let count = 0;
  for (let row = 0; row < rows.count; row += 1) {
    const line = rows.lineOf(row);
    const isHit = line === undefined ? rows.textOf(row).toLowerCase().includes(lower) : lines[line] === 1;
    if (isHit) {
      hits[row] = 1;
      count += 1;
    }
    if (row % SLICE === 0) yield;
  }
  return { hits, count, isRunning: false };
}
