import type { Story, StoryContainer, StoryObject, TimelineEntry } from '../../../src/story/document.ts';

const START = Date.parse('2026-11-23T16:07:00Z');

/** A time so many milliseconds after the start of the made stories. */
export function timeAfter(ms: number, nanos = 0): string {
  return `${new Date(START + ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`;
}

/** An entry without what the maker gives it. */
export type Telling = { readonly at: number } & Record<string, unknown>;

/** Makes stories for tests: valid documents of any size, told entry by entry. */
export class StoryMaker {
  readonly objects: StoryObject[] = [];
  readonly containers: StoryContainer[] = [];
  readonly gaps: Story['gaps'] = [];
  readonly timeline: TimelineEntry[] = [];
  verdict: Story['verdict'];

  object(kind: string, name: string, owner?: number): number {
    const times = { firstSeen: timeAfter(0), lastSeen: timeAfter(0) };
    const named = { apiVersion: 'v1', kind, resource: `${kind.toLowerCase()}s`, namespace: 'shop', name };
    const owners = owner === undefined ? [] : [owner];
    const uid = `uid-${this.objects.length}`;
    return this.objects.push({ ...named, uid, roots: [0], owners, lineage: name, ...times }) - 1;
  }

  container(object: number, name: string, restart = 0): number {
    const counts = { lines: 0, bytes: 0, reconnects: 0, repeatsRemoved: 0, rotations: 0 };
    const ledger = { ...counts, routes: [], end: 'proven', endEvidence: 'read to its end', gaps: [] } as const;
    return (
      this.containers.push({ object, name, kind: 'regular', restart, ledger: { ...ledger, routes: [], gaps: [] } }) - 1
    );
  }

  tell({ at, ...entry }: Telling): number {
    const seq = this.timeline.length;
    const time = timeAfter(at);
    this.timeline.push({ seq, time, timeSource: 'observed', observed: time, ...entry } as TimelineEntry);
    return seq;
  }

  log(container: number, at: number, line: string, nanos = 0): void {
    const seq = this.timeline.length;
    const time = timeAfter(at, nanos);
    this.timeline.push({
      seq,
      time,
      timeSource: 'log',
      observed: time,
      type: 'log',
      container,
      stream: 'stdout',
      line,
    });
    const ledger = this.containers[container]?.ledger;
    if (ledger === undefined) return;
    ledger.lines += 1;
    ledger.bytes += line.length;
    ledger.lastLine = time;
  }

  finish(endMs: number): Story {
    const { objects, containers, gaps, timeline, verdict } = this;
    const of = (type: string) => timeline.filter((entry) => entry.type === type).length;
    const counts = { objects: objects.length, containers: containers.length, entries: timeline.length };
    return {
      apiVersion: 'faro/v1',
      kind: 'Story',
      metadata: {
        id: '0193a6e2-7c1e-7b52-9d1e-0f6c3d1b2a11',
        generator: 'faro test',
        cluster: { version: 'v1.37.2', uid: null, server: 'https://10.0.0.1:6443' },
        roots: [
          {
            apiVersion: 'v1',
            kind: objects[0]?.kind ?? '',
            namespace: 'shop',
            name: objects[0]?.name ?? '',
            objects: [0],
          },
        ],
        startTime: timeAfter(0),
        endTime: timeAfter(endMs),
        ended: 'for',
        complete: gaps.length === 0,
        incomplete: gaps.map(({ cause }) => `gap (${cause})`),
        counts: { ...counts, logLines: of('log'), events: of('event'), gaps: gaps.length, redactions: 0 },
        options: {},
      },
      objects,
      containers,
      gaps,
      timeline,
      ...(verdict === undefined ? {} : { verdict }),
    };
  }
}
