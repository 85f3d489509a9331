import { counted } from '../../../model/grouped.ts';
import type { StoryFinding } from '../../../story/document.ts';
import { durationText } from '../model/clock.ts';
import { visibleText } from '../model/visible.ts';
import type { Opened } from './opened.ts';
import { toggleTheme } from './theme.ts';
import { lookAt, type Update } from './view.ts';

interface HeaderProps {
  readonly opened: Opened;
  readonly update: Update;
}

/** More targets than this would take the room of the lanes, where all of them are. */
const TARGETS_SHOWN = 8;

/** What the story is about and how it ended: the first thing to read. */
export function Header({ opened, update }: HeaderProps) {
  const { metadata } = opened.facts;
  return (
    <header class="top">
      <div class="what">
        <h1>
          {metadata.roots.slice(0, TARGETS_SHOWN).map(({ kind, namespace, name }) => (
            <span key={`${kind}/${namespace}/${name}`}>
              <small>{visibleText(kind)}</small> {namespace !== null && <i>{visibleText(namespace)}/</i>}
              {visibleText(name)}
            </span>
          ))}
          {metadata.roots.length > TARGETS_SHOWN && <small>and {metadata.roots.length - TARGETS_SHOWN} more</small>}
        </h1>
        <p class="meta">
          <Facts opened={opened} />
        </p>
      </div>
      <Verdict opened={opened} update={update} />
      <div class="tools">
        <button type="button" onClick={toggleTheme} aria-label="Light or dark" title="Light or dark">
          ◐
        </button>
        <button type="button" onClick={() => print()}>
          Print
        </button>
        <button
          type="button"
          onClick={() => update({ isHelpOpen: true })}
          aria-label="Keys and signs"
          title="Keys and signs (?)"
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Facts({ opened }: { readonly opened: Opened }) {
  const { metadata } = opened.facts;
  const { counts, startTime, endTime, ended, cluster } = metadata;
  const length = Date.parse(`${endTime.slice(0, 23)}Z`) - opened.epoch;
  return (
    <>
      <time dateTime={startTime}>
        {startTime.slice(0, 10)} {startTime.slice(11, 19)} UTC
      </time>
      <span>{durationText(length)}</span>
      <span>ended: {visibleText(ended)}</span>
      <span>{counted(counts.objects, 'object')}</span>
      <span>{counted(counts.containers, 'container run')}</span>
      <span>{counted(counts.logLines, 'log line')}</span>
      <span>{counted(counts.events, 'Event')}</span>
      <span>Kubernetes {visibleText(cluster.version)}</span>
    </>
  );
}

function Verdict({ opened, update }: HeaderProps) {
  const { verdict } = opened.facts;
  const status = verdict?.status ?? 'unknown';
  const { text, sign } = STATUS_WORDS[status] ?? { text: visibleText(status), sign: '?' };
  const { firstCause, consequences = [], unrelated = [], earlier = [] } = verdict ?? {};
  return (
    <section class={`verdict ${Object.hasOwn(STATUS_WORDS, status) ? status : 'unknown'}`} aria-label="Verdict">
      <p class="status">
        <b>
          <span aria-hidden="true">{sign}</span> {text}
        </b>
        <Completeness opened={opened} update={update} />
      </p>
      <p class="cause">
        {firstCause === undefined ? (
          <Figures opened={opened} />
        ) : (
          <Finding finding={firstCause} opened={opened} update={update} />
        )}
      </p>
      <LastLines finding={firstCause} />
      <Findings title="What followed" findings={consequences} opened={opened} update={update} />
      <Findings title="What failed as well" findings={unrelated} opened={opened} update={update} />
      <Findings title="Before, and over" findings={earlier} opened={opened} update={update} />
    </section>
  );
}

const STATUS_WORDS: Readonly<Record<string, { readonly text: string; readonly sign: string }>> = {
  healthy: { text: 'healthy', sign: '✓' },
  recovered: { text: 'failed, and recovered', sign: '↺' },
  failed: { text: 'failed', sign: '✕' },
  unknown: { text: 'no verdict', sign: '–' },
};

interface FindingsProps extends HeaderProps {
  readonly title: string;
  readonly findings: readonly StoryFinding[];
}

function Findings({ title, findings, opened, update }: FindingsProps) {
  if (findings.length === 0) return null;
  return (
    <details>
      <summary>
        {title} <span class="quiet">({findings.length})</span>
      </summary>
      <ol>
        {findings.map((finding, number) => (
          <li key={number}>
            <Finding finding={finding} opened={opened} update={update} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function Finding({ finding, opened, update }: HeaderProps & { readonly finding: StoryFinding }) {
  const { summary, rule, evidence, over, after } = finding;
  return (
    <>
      <span class="rule">{visibleText(rule)}</span> {visibleText(summary)}
      {over === true && <span class="quiet"> (over)</span>}
      {after !== undefined && <span class="quiet">; {visibleText(after)}</span>}{' '}
      {evidence.slice(0, 8).map((seq, number) => (
        <button key={number} type="button" class="evidence" onClick={() => update(lookAt(opened.rows.rowOfSeq(seq)))}>
          {number === 0 ? 'evidence ' : ''}#{seq}
        </button>
      ))}
      {evidence.length > 8 && <span class="quiet"> and {evidence.length - 8} more</span>}
    </>
  );
}

/** What the container said last. */
function LastLines({ finding }: { readonly finding: StoryFinding | undefined }) {
  const { lines = [] } = finding ?? {};
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>Last lines before it</summary>
      <pre>{lines.map((line) => visibleText(line)).join('\n')}</pre>
    </details>
  );
}

/** What a story without a first cause has to show. */
function Figures({ opened }: { readonly opened: Opened }) {
  const { facts, told } = opened;
  const { containers, entries } = facts;
  const crashes = containers.filter(({ exitCode = 0 }, run) => exitCode !== 0 && !told.has(run)).length;
  const warnings = entries.filter((entry) => entry.type === 'event' && entry.eventType !== 'Normal').length;
  const failed = entries.filter((entry) => entry.type === 'lifecycle' && entry.what === 'rolloutFailed').length;
  return (
    <>
      {counted(crashes, 'container run')} ended with an error, {counted(warnings, 'warning Event')}
      {failed > 0 && <>, {counted(failed, 'rollout')} failed</>}
    </>
  );
}

function Completeness({ opened, update }: HeaderProps) {
  const { complete, incomplete } = opened.facts.metadata;
  if (complete) return <span class="complete">complete: every line and state is in it</span>;
  return (
    <button type="button" class="incomplete" onClick={() => update({ tab: 'ledger' })}>
      ⚠ not complete: {visibleText(incomplete[0] ?? '')}
      {incomplete.length > 1 && ` and ${incomplete.length - 1} more`}
    </button>
  );
}
