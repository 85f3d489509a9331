import { addTo } from '../model/counts.ts';
import type { StoryContainer, TimelineEntry } from '../story/document.ts';
import type { Problems } from './problems.ts';

interface Found {
  lines: number;
  bytes: number;
  first: string | undefined;
  last: string | undefined;
  started: boolean;
  /** Markers of redaction by name. */
  readonly markers: Map<string, number>;
  terminated: boolean;
}

type LogEntry = Extract<TimelineEntry, { type: 'log' }>;
type LifecycleEntry = Extract<TimelineEntry, { type: 'lifecycle' }>;

/** Counts the lines of every container run again, and holds them against its ledger and the ends of its run. */
export class LogCheck {
  readonly #containers: readonly StoryContainer[];
  readonly #problems: Problems;
  readonly #found: Found[];

  constructor(containers: readonly StoryContainer[], problems: Problems) {
    this.#containers = containers;
    this.#problems = problems;
    this.#found = containers.map(() => ({
      lines: 0,
      bytes: 0,
      markers: new Map(),
      first: undefined,
      last: undefined,
      started: false,
      terminated: false,
    }));
  }

  takeLine({ seq, container, time, line, bytes }: LogEntry): void {
    const found = this.#found[container];
    if (found === undefined) return;
    found.lines += 1;
    found.bytes += line === undefined ? Buffer.from(bytes ?? '', 'base64').length : Buffer.byteLength(line);
    countMarkers(line ?? Buffer.from(bytes ?? '', 'base64').toString('latin1'), found.markers);
    if (found.first === undefined || time < found.first) found.first = time;
    if (found.last === undefined || time > found.last) found.last = time;
    if (found.terminated)
      this.#problems.add(`entry ${seq}: a line of container ${container} behind the end of its run`);
  }

  takeChange({ seq, what, container, ...rest }: LifecycleEntry): void {
    const found = this.#found[container ?? -1];
    const stated = this.#containers[container ?? -1];
    if (found === undefined || stated === undefined) return;
    if (what === 'started' || what === 'restarted') {
      this.#problems.expect(
        found.lines === 0,
        () => `entry ${seq}: container ${container} starts behind its first line`,
      );
      this.#problems.expect(!found.started, () => `entry ${seq}: container ${container} starts twice`);
      found.started = true;
    }
    if (what !== 'terminated') return;
    this.#problems.expect(!found.terminated, () => `entry ${seq}: container ${container} ends twice`);
    this.#problems.expect(
      rest.exitCode === stated.exitCode,
      () => `entry ${seq}: exit code ${String(rest.exitCode)}, the container says ${String(stated.exitCode)}`,
    );
    found.terminated = true;
  }

  finish(): void {
    for (const [index, { ledger }] of this.#containers.entries()) {
      const { lines, bytes, first, last } = this.#found[index] ?? { lines: 0, bytes: 0 };
      this.#checkRedactions(index, ledger.redactions ?? {});
      const stated: Readonly<Record<string, unknown>> = {
        lines: ledger.lines,
        bytes: ledger.bytes,
        firstLine: ledger.firstLine,
        lastLine: ledger.lastLine,
      };
      for (const [name, found] of Object.entries({ lines, bytes, firstLine: first, lastLine: last }))
        this.#problems.expect(
          stated[name] === found,
          () => `the ledger of container ${index} says ${name} ${String(stated[name])}, the timeline ${String(found)}`,
        );
    }
  }

  /** An application may write markers of its own, so that there may be more than faro put in; never fewer. */
  #checkRedactions(index: number, redactions: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(redactions)) {
      const found = this.#found[index]?.markers.get(name) ?? 0;
      this.#problems.expect(
        found >= count,
        () =>
          `the ledger of container ${index} says that ${count} values (${name}) were taken out, its lines show ${found}`,
      );
    }
  }
}

const MARKER = /\[redacted:([A-Za-z][\w-]{0,62})\]/g;

function countMarkers(text: string, counts: Map<string, number>): void {
  if (!text.includes('[redacted:')) return;
  for (const [, name = ''] of text.matchAll(MARKER)) addTo(counts, name);
}
