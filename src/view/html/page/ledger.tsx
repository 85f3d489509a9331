import { timeOfDay } from '../../../model/time.ts';
import type { StoryContainer, StoryGap } from '../../../story/document.ts';
import { visibleText } from '../model/visible.ts';
import type { Opened } from './opened.ts';

/** What is in the story, how its end was proven, and what is missing from it. */
export function Ledger({ opened }: { readonly opened: Opened }) {
  const { metadata, gaps, entries, omitted } = opened.facts;
  const notes = entries.flatMap((entry) => (entry.type === 'note' ? [entry] : []));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys are to scroll it too
    <section class="ledger" tabIndex={0} aria-label="Ledger">
      <h2>
        {metadata.complete ? 'Complete: every line and state between start and end is in this story' : 'Not complete'}
      </h2>
      {metadata.incomplete.length > 0 && (
        <ul class="reasons">
          {metadata.incomplete.map((reason, number) => (
            <li key={number}>{visibleText(reason)}</li>
          ))}
        </ul>
      )}
      {omitted.length > 0 && <Omitted opened={opened} />}
      {gaps.length > 0 && <Gaps opened={opened} gaps={gaps} />}
      <Containers opened={opened} />
      {notes.length > 0 && (
        <>
          <h3>Notes</h3>
          <ul>
            {notes.map(({ seq, time, text }) => (
              <li key={seq}>
                <time>{timeOfDay(time)}</time> {visibleText(text)}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Omitted({ opened }: { readonly opened: Opened }) {
  const lines = opened.facts.omitted.reduce((sum, { lines }) => sum + lines, 0);
  return (
    <p class="incomplete">
      ⚠ This report leaves out {lines.toLocaleString('en')} log lines of {opened.facts.omitted.length} container runs,
      which are too many for a page; they are in the story file.
    </p>
  );
}

function Gaps({ opened, gaps }: { readonly opened: Opened; readonly gaps: readonly StoryGap[] }) {
  return (
    <table>
      <caption>Gaps</caption>
      <thead>
        <tr>
          <th scope="col">of</th>
          <th scope="col">from</th>
          <th scope="col">to</th>
          <th scope="col">certainty</th>
          <th scope="col">cause</th>
          <th scope="col">evidence</th>
        </tr>
      </thead>
      <tbody>
        {gaps.map((gap, number) => (
          <tr key={number}>
            <td>{visibleText(subjectOf(opened, gap))}</td>
            <td>{timeOfDay(gap.from)}</td>
            <td>{timeOfDay(gap.to)}</td>
            <td>{gap.certainty}</td>
            <td>{visibleText(gap.cause)}</td>
            <td>{visibleText(gap.evidence)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function subjectOf({ facts }: Opened, { of }: StoryGap): string {
  if ('container' in of) return runName(facts.containers[Number(of.container)], facts);
  return `${String(of.resource)}${of.namespace === null ? '' : ` in ${String(of.namespace)}`}`;
}

function runName(run: StoryContainer | undefined, { objects }: Opened['facts']): string {
  if (run === undefined) return '?';
  return `${objects[run.object]?.name ?? '?'} / ${run.name}${run.restart > 0 ? `, restart ${run.restart}` : ''}`;
}

function Containers({ opened }: { readonly opened: Opened }) {
  const { facts } = opened;
  return (
    <table>
      <caption>Logs of the container runs</caption>
      <thead>
        <tr>
          <th scope="col">container run</th>
          <th scope="col">ended with</th>
          <th scope="col" class="number">
            lines
          </th>
          <th scope="col" class="number">
            bytes
          </th>
          <th scope="col">first line</th>
          <th scope="col">last line</th>
          <th scope="col">read through</th>
          <th scope="col" class="number">
            reconnects
          </th>
          <th scope="col">end</th>
        </tr>
      </thead>
      <tbody>
        {facts.containers.map((run, number) => (
          <Run key={number} run={run} name={runName(run, facts)} isTold={opened.told.has(number)} />
        ))}
      </tbody>
    </table>
  );
}

interface RunProps {
  readonly run: StoryContainer;
  readonly name: string;
  readonly isTold: boolean;
}

function Run({ run, name, isTold }: RunProps) {
  const { ledger, exitCode, reason = '' } = run;
  return (
    <tr>
      <th scope="row">{visibleText(name)}</th>
      <td class={exitCode === undefined || exitCode === 0 || isTold ? '' : 'bad'}>
        {exitCode === undefined ? '' : `${exitCode} ${visibleText(reason)}`}
      </td>
      <td class="number">{ledger.lines.toLocaleString('en')}</td>
      <td class="number">{ledger.bytes.toLocaleString('en')}</td>
      <td>{timeOfDay(ledger.firstLine ?? '')}</td>
      <td>{timeOfDay(ledger.lastLine ?? '')}</td>
      <td>{ledger.routes.map((route) => visibleText(route)).join(', ')}</td>
      <td class="number">{ledger.reconnects}</td>
      <td class={ledger.end === 'proven' ? '' : 'warn'}>
        {ledger.end}: {visibleText(ledger.endEvidence)}
      </td>
    </tr>
  );
}
