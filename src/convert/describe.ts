import { unreachable } from '../model/errors.ts';
import type { StoryGap, TimelineEntry } from '../story/document.ts';

/** What an entry tells, in a word: `changed`, `BackOff`, `terminated`, `rotation`; empty for lines and notes. */
export function wordOf(entry: TimelineEntry, gaps: readonly StoryGap[]): string {
  switch (entry.type) {
    case 'object':
      return entry.action;
    case 'event':
      return entry.reason;
    case 'lifecycle':
      return entry.what;
    case 'gap':
      return gaps[entry.gap]?.cause ?? '';
    case 'log':
    case 'note':
      return '';
    default:
      return unreachable(entry);
  }
}

/** What an entry tells beside its word, as one text for a person. A line that is not UTF-8 has its bytes escaped. */
export function textOf(entry: TimelineEntry, gaps: readonly StoryGap[]): string {
  switch (entry.type) {
    case 'object':
      return changesOf(entry.patch ?? []);
    case 'event':
      return entry.count > 1 ? `${entry.message} (x${entry.count})` : entry.message;
    case 'lifecycle':
      return Object.entries(detailsOf(entry))
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
    case 'gap':
      return gaps[entry.gap]?.evidence ?? '';
    case 'log':
      return (
        entry.line ??
        Buffer.from(entry.bytes ?? '', 'base64')
          .toString('latin1')
          .replace(/[\x80-\xff]/g, escaped)
      );
    case 'note':
      return entry.text;
    default:
      return unreachable(entry);
  }
}

type Patch = NonNullable<Extract<TimelineEntry, { type: 'object' }>['patch']>;

/** What every change of an object changes, too. */
const BOOKKEEPING = /^\/metadata\/(?:resourceVersion|generation|managedFields)(?:\/|$)/;
const VALUE = 80;

function changesOf(patch: Patch): string {
  return patch
    .filter(({ path }) => !BOOKKEEPING.test(path))
    .map((operation) =>
      operation.op === 'remove'
        ? `remove ${operation.path}`
        : `${operation.op} ${operation.path} ${short(operation.value)}`,
    )
    .join(', ');
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= VALUE ? text : `${text.slice(0, VALUE)}…`;
}

const BASE = ['seq', 'time', 'timeSource', 'precision', 'observed', 'type', 'object', 'container', 'what'];

/** What a lifecycle entry has beside what every one has: `exitCode`, `reason`, `node`, … */
export function detailsOf(entry: Extract<TimelineEntry, { type: 'lifecycle' }>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !BASE.includes(name)));
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16)}`;
}
