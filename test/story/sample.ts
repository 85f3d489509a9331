import type { Story, TimelineEntry } from '../../src/story/document.ts';

const second = (index: number) =>
  new Date(Date.UTC(2026, 10, 23, 12) + index * 1000).toISOString().replace('.000Z', '.000000000Z');

/** A story of one pod with two container runs, whose lines are given: `[run, text]`. */
export function sampleStory(lines: readonly (readonly [number, string])[], withVerdict = false): Story {
  const base = { timeSource: 'observed' as const, observed: second(0) };
  const entries: TimelineEntry[] = [
    { seq: 0, time: second(0), ...base, type: 'object', object: 0, action: 'found', resourceVersion: '1', state: POD },
    {
      seq: 1,
      time: second(0),
      ...base,
      type: 'event',
      object: 0,
      about: { kind: 'Pod', name: 'web' },
      reason: 'R',
      eventType: 'Normal',
      count: 1,
      reporter: 'kubelet',
      message: '],"verdict":{"status":"healthy"}}\n]\n}\n',
      event: 'e1',
    },
    ...lines.map(([container, line], index): TimelineEntry => {
      const time = second(index + 1);
      return {
        seq: index + 2,
        time,
        timeSource: 'log',
        observed: time,
        type: 'log',
        container,
        stream: 'unknown',
        line,
      };
    }),
    { seq: lines.length + 2, time: second(lines.length + 1), ...base, type: 'gap', gap: 0 },
    {
      seq: lines.length + 3,
      time: second(lines.length + 1),
      ...base,
      observed: second(lines.length + 1),
      type: 'note',
      text: 'the end',
    },
  ];
  return {
    apiVersion: 'faro/v1',
    kind: 'Story',
    metadata: metadata(lines, entries.length),
    objects: [OBJECT],
    containers: [0, 1].map((run) => container(lines, run)),
    gaps: [
      {
        of: { container: 1 },
        from: second(lines.length + 1),
        to: second(lines.length + 2),
        certainty: 'known',
        cause: 'rotation',
        evidence: 'none',
      },
    ],
    timeline: entries,
    ...(withVerdict
      ? {
          verdict: {
            status: 'failed',
            firstCause: { rule: 'r', summary: 's', object: 0, evidence: [1] },
            consequences: [],
          },
        }
      : {}),
  };
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'p1', resourceVersion: '1' },
};
const OBJECT = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespace: 'shop',
  name: 'web',
  uid: 'p1',
  roots: [0],
  owners: [],
  lineage: 'web',
  firstSeen: second(0),
  lastSeen: second(0),
};

function metadata(lines: readonly unknown[], entries: number): Story['metadata'] {
  return {
    id: '01a20d89-78c0-76e0-a13b-e013a596b798',
    generator: 'faro test',
    cluster: { version: 'v1', uid: null, server: 'https://x' },
    roots: [{ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', objects: [0] }],
    startTime: second(0),
    endTime: second(lines.length + 1),
    ended: 'for',
    complete: false,
    incomplete: ['gap in the log of shop/web/app#1 (rotation)'],
    counts: { objects: 1, containers: 2, entries, logLines: lines.length, events: 1, gaps: 1, redactions: 0 },
    options: {},
  };
}

function container(lines: readonly (readonly [number, string])[], run: number): Story['containers'][number] {
  const own = lines.flatMap(([of, text], index) => (of === run ? [{ text, time: second(index + 1) }] : []));
  const [first, last] = [own[0]?.time, own.at(-1)?.time];
  return {
    object: 0,
    name: 'app',
    kind: 'regular',
    restart: run,
    ledger: {
      routes: ['stream'],
      lines: own.length,
      bytes: own.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
      ...(first === undefined ? {} : { firstLine: first }),
      ...(last === undefined ? {} : { lastLine: last }),
      reconnects: 0,
      repeatsRemoved: 0,
      rotations: 0,
      end: run === 1 ? 'not proven' : 'proven',
      endEvidence: 'read',
      gaps: run === 1 ? [0] : [],
    },
  };
}

/** As faro writes it: an entry a line, the verdict last. */
export function canonical(story: Story): string {
  const { apiVersion, kind, metadata: facts, objects, containers, gaps, timeline, verdict } = story;
  const list = (name: string, items: readonly object[]) =>
    `"${name}": [${items.map((item) => `\n${JSON.stringify(item)}`).join(',')}\n]`;
  const parts = [
    `"apiVersion": "${apiVersion}"`,
    `"kind": "${kind}"`,
    `"metadata": ${JSON.stringify(facts, null, 1)}`,
    list('objects', objects),
    list('containers', containers),
    list('gaps', gaps),
    list('timeline', timeline),
    ...(verdict === undefined ? [] : [`"verdict": ${JSON.stringify(verdict)}`]),
  ];
  return `{\n${parts.join(',\n')}\n}\n`;
}
