import { diffLines } from 'diff';
import { useMemo, useState } from 'preact/hooks';
import { timeOfDay } from '../../../model/time.ts';
import { headlineOf } from '../model/headline.ts';
import { type ObjectEntry, stateAt, statesOf, withoutBookkeeping } from '../model/states.ts';
import { visibleText } from '../model/visible.ts';
import { yamlOf } from '../model/yaml.ts';
import type { Opened } from './opened.ts';
import type { Comparison, Update } from './view.ts';

interface CompareProps {
  readonly opened: Opened;
  readonly comparison: Comparison | undefined;
  readonly update: Update;
}

/** What became of an object between two moments. */
export function Compare({ opened, comparison, update }: CompareProps) {
  const { facts } = opened;
  const chosen = comparison ?? firstComparison(opened);
  const states = useMemo(() => statesOf(facts, chosen.object), [facts, chosen.object]);
  const [hasBookkeeping, setBookkeeping] = useState(false);
  const change = (part: Partial<Comparison>) => update({ comparison: { ...chosen, ...part } });
  const changeObject = (object: number) =>
    update({ comparison: { object, before: 0, after: Math.max(0, statesOf(facts, object).length - 1) } });
  return (
    <div class="compare">
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          Object{' '}
          <select value={chosen.object} onChange={(event) => changeObject(Number(event.currentTarget.value))}>
            {facts.objects.map(({ kind, name }, object) => (
              <option key={object} value={object}>
                {visibleText(kind)} {visibleText(name)}
              </option>
            ))}
          </select>
        </label>
        <StateChoice name="from" states={states} value={chosen.before} onChange={(before) => change({ before })} />
        <StateChoice name="to" states={states} value={chosen.after} onChange={(after) => change({ after })} />
        <label title="resourceVersion, generation and managedFields">
          <input
            type="checkbox"
            checked={hasBookkeeping}
            onChange={(event) => setBookkeeping(event.currentTarget.checked)}
          />{' '}
          bookkeeping
        </label>
      </form>
      <Difference states={states} before={chosen.before} after={chosen.after} hasBookkeeping={hasBookkeeping} />
    </div>
  );
}

/** The first root over the whole story. */
function firstComparison({ facts }: Opened): Comparison {
  const object = facts.metadata.roots[0]?.objects[0] ?? 0;
  return { object, before: 0, after: Math.max(0, statesOf(facts, object).length - 1) };
}

interface StateChoiceProps {
  readonly name: string;
  readonly states: readonly ObjectEntry[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function StateChoice({ name, states, value, onChange }: StateChoiceProps) {
  return (
    <label>
      {name}{' '}
      <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {states.map((entry, number) => (
          <option key={entry.seq} value={number}>
            {timeOfDay(entry.time)} {visibleText(headlineOf(entry)).slice(0, 70)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Lines around a change that are shown with it. */
const CONTEXT = 4;

type Line = { readonly sign: ' ' | '+' | '-' | '…'; readonly text: string };

interface DifferenceProps {
  readonly states: readonly ObjectEntry[];
  readonly before: number;
  readonly after: number;
  /** Whether to show what the API server changes with every change. */
  readonly hasBookkeeping: boolean;
}

function Difference({ states, before, after, hasBookkeeping }: DifferenceProps) {
  const lines = useMemo(
    () => differenceOf({ states, before, after, hasBookkeeping }),
    [states, before, after, hasBookkeeping],
  );
  if (lines.every(({ sign }) => sign === '…')) return <p class="empty">There is no difference between these states.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys are to scroll it too
    <section class="difference" tabIndex={0} aria-label="Difference, as YAML">
      {lines.map(({ sign, text }, number) => (
        <div key={number} class={sign === '+' ? 'added' : sign === '-' ? 'removed' : sign === '…' ? 'folded' : ''}>
          <span class="hidden">{sign === '+' ? 'added ' : sign === '-' ? 'removed ' : ''}</span>
          <span aria-hidden="true">{sign}</span> {visibleText(text)}
        </div>
      ))}
    </section>
  );
}

function differenceOf({ states, before, after, hasBookkeeping }: DifferenceProps): readonly Line[] {
  try {
    const [older, newer] = [before, after].map((number) => {
      const state = stateAt(states, number);
      return `${yamlOf(hasBookkeeping ? state : withoutBookkeeping(state))}\n`;
    });
    const lines = diffLines(older ?? '', newer ?? '', { timeout: 2000 }) ?? [
      { value: older ?? '', removed: true, added: false },
      { value: newer ?? '', removed: false, added: true },
    ];
    return folded(lines.flatMap(({ value, added, removed }) => signed(value, added ? '+' : removed ? '-' : ' ')));
  } catch (error) {
    return [
      { sign: ' ', text: `These states cannot be told: ${error instanceof Error ? error.message : String(error)}` },
    ];
  }
}

function signed(value: string, sign: Line['sign']): Line[] {
  return value
    .replace(/\n$/, '')
    .split('\n')
    .map((text) => ({ sign, text }));
}

/** Leaves out what is the same far from any change. */
function folded(lines: readonly Line[]): Line[] {
  const isNear = lines.map(() => false);
  for (const [number, { sign }] of lines.entries())
    if (sign !== ' ') isNear.fill(true, Math.max(0, number - CONTEXT), number + CONTEXT + 1);
  return lines.flatMap((line, number) => {
    if (isNear[number]) return [line];
    const isFirst = number === 0 || isNear[number - 1] === true;
    if (!isFirst) return [];
    const next = isNear.indexOf(true, number);
    return [{ sign: '…', text: `${(next === -1 ? lines.length : next) - number} lines that are the same` } as const];
  });
}
