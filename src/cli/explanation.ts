import { printable } from '../model/printable.ts';
import { timeOfDay } from '../model/time.ts';
import type { StoryFinding, StoryVerdict } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';

const LINES_SHOWN = 3;
const LINES_IN_ALL = 10;
const EVIDENCE_SHOWN = 6;

/** What of a story its explanation takes, and the file that it is in. */
type Explained = Pick<StoryHead, 'metadata' | 'objects' | 'containers'> & { readonly path: string };

/** A verdict in ten lines at most: the first cause on the first, then what shows it and what followed. */
export function explanationOf(verdict: StoryVerdict, head: Explained): string {
  const { firstCause, consequences, unrelated = [], earlier = [] } = verdict;
  const first = [
    verdict.status === 'healthy' ? healthOf(head) : headlineOf(verdict),
    ...(firstCause === undefined ? [] : detailsOf(firstCause, head)),
  ];
  const last = completeness(head);
  const others = listed(
    [
      ['then', consequences],
      ['also', unrelated],
      ['before', earlier],
    ],
    LINES_IN_ALL - first.length - last.length,
  );
  const lines = [...first, ...others, ...last];
  return `${lines.map((line) => printable(line)).join('\n')}\n`;
}

/** What came of it, in a line: `failed: image web:2 of container …`. */
export function headlineOf({ status, firstCause }: StoryVerdict): string {
  if (firstCause !== undefined) return `${status}: ${firstCause.summary}`;
  switch (status) {
    case 'healthy':
      return 'healthy: nothing failed';
    case 'unknown':
      return 'unknown: nothing is known to have failed, but not every target was seen ready';
    default:
      return status;
  }
}

/** Of what was not recorded nobody knows whether it is well. */
function healthOf({ metadata, containers }: Pick<StoryHead, 'metadata' | 'containers'>): string {
  if (metadata.complete) return 'healthy: nothing failed';
  const lost = containers.filter(({ ledger }) => ledger.gaps.length > 0 || ledger.end !== 'proven').length;
  const what =
    lost > 0
      ? `the ${lost === 1 ? 'log of one container run is' : `logs of ${lost} of ${containers.length} container runs are`} not whole`
      : (metadata.incomplete[0] ?? 'the story is not complete');
  return `healthy as far as is known: nothing that was recorded failed, but ${what}`;
}

function detailsOf(finding: StoryFinding, { objects, path }: Explained): string[] {
  const { rule, time, object, evidence, after, lines = [] } = finding;
  const about = object === undefined ? undefined : objects[object];
  const namespace = about?.namespace === null || about === undefined ? '' : ` in namespace ${about.namespace}`;
  const since = time === undefined ? '' : `, since ${time.slice(0, 23)}Z`;
  const shown =
    evidence.length === 0
      ? ''
      : `; faro view ${inShell(path)} --entry ${evidence.slice(0, EVIDENCE_SHOWN).join(',')} shows it`;
  return [
    `  ${rule}${namespace}${since}${shown}`,
    ...(after === undefined ? [] : [`  ${after}`]),
    ...lines.slice(-LINES_SHOWN).map((line) => `  | ${line}`),
  ];
}

/** A path as a word of a command line. */
function inShell(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

type Group = readonly [word: string, findings: readonly StoryFinding[]];

/** In so many lines: one for each group at least, and what is left to the first. */
function listed(groups: readonly Group[], room: number): string[] {
  const [group, ...rest] = groups.filter(([, findings]) => findings.length > 0);
  if (group === undefined) return [];
  const own = group[1].slice(0, Math.max(1, room - rest.length));
  return [...listedOf(group, own), ...listed(rest, room - own.length)];
}

function listedOf([word, findings]: Group, own: readonly StoryFinding[]): string[] {
  const shown = own.map(({ time, summary, rule }) => {
    const at = time === undefined ? '' : `${timeOfDay(time, '1s')} `;
    return `${word}: ${at}${summary} (${rule})`;
  });
  const rest = findings.length - shown.length;
  return rest > 0 ? [...shown.slice(0, -1), `${shown.at(-1)}; and ${rest} more`] : shown;
}

/** A verdict can only be about what is in the story. */
function completeness({ metadata: { complete, incomplete } }: Pick<StoryHead, 'metadata'>): string[] {
  const rest = incomplete.length > 1 ? `; and ${incomplete.length - 1} more` : '';
  return complete ? [] : [`this story is not complete: ${incomplete[0] ?? 'it does not say why'}${rest}`];
}
