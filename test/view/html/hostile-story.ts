import { Buffer } from 'node:buffer';
import type { Story } from '../../../src/story/document.ts';
import { StoryMaker } from './story-maker.ts';

const ATTACK = '<script>globalThis.pwned = 1</script><img src=http://127.0.0.1:9/x onerror="pwned=1">';

/** Lines of those who mean harm, and how the report shows them. */
export const HOSTILE_LINES: readonly (readonly [string, string])[] = [
  [ATTACK, ATTACK],
  ['</script><script>pwned=1</script>', '</script><script>pwned=1</script>'],
  ['<!--<script>', '<!--<script>'],
  ['abc\u202etxt.exe', 'abc<U+202E>txt.exe'],
  ['\u2066left\u2069', '<U+2066>left<U+2069>'],
  ['\u001b[31mred\u001b[0m \u001b]0;title\u0007', 'red ␛]0;title␇'],
  ['zero\u200bwidth', 'zero<U+200B>width'],
  ['two\nlines', 'two␊lines'],
  ['__proto__', '__proto__'],
];

/** Every text that others may write holds an attack: names, states, Events, log lines, notes, the verdict. */
export function hostileStory(): Story {
  const maker = new StoryMaker();
  const web = maker.object(ATTACK, `${ATTACK}\u202e`);
  const pod = maker.object('Pod', `"><svg onload=pwned=1>\u2066`, web);
  const run = maker.container(pod, `${ATTACK}\u0000`);
  const state = { kind: ATTACK, [ATTACK]: ATTACK, ['__proto__']: { polluted: true }, deep: nested(200) };
  maker.tell({ at: 0, type: 'object', object: web, action: 'found', resourceVersion: ATTACK, state });
  const patch = [{ op: 'add', path: '/constructor', value: `${ATTACK}\u202e` }];
  maker.tell({ at: 10, type: 'object', object: web, action: 'changed', resourceVersion: '2', manager: ATTACK, patch });
  for (const what of [ATTACK, 'constructor', '__proto__', 'terminated', 'waiting', 'phase', 'condition', 'scaled'])
    maker.tell({
      at: 20,
      type: 'lifecycle',
      object: pod,
      what,
      containerName: `${ATTACK}\u0000`,
      container: run,
      to: { a: 1 },
      exitCode: ATTACK,
      reason: ATTACK,
    });
  const event = {
    about: { kind: ATTACK, name: ATTACK },
    reason: ATTACK,
    eventType: ATTACK,
    count: 1e9,
    reporter: ATTACK,
  };
  maker.tell({ at: 30, type: 'event', object: web, ...event, message: `${ATTACK}\u202e\u0000`, event: ATTACK });
  for (const [index, [line]] of HOSTILE_LINES.entries()) maker.log(run, 40 + index, line);
  const bytes = Buffer.from([0xff, 0xfe, 0x3c, 0x62, 0xc3, 0x28]).toString('base64');
  maker.tell({ at: 60, type: 'log', container: run, stream: 'stderr', timeSource: 'log', bytes });
  maker.tell({ at: 61, type: 'note', text: `${ATTACK}\u202e` });
  const times = { from: maker.timeline[0]?.time ?? '', to: maker.timeline.at(-1)?.time ?? '' };
  maker.gaps.push({
    of: { resource: ATTACK, namespace: ATTACK },
    ...times,
    certainty: 'known',
    cause: ATTACK,
    evidence: `${ATTACK}\u202e`,
  });
  maker.tell({ at: 63, type: 'gap', gap: 0 });
  const finding = { rule: ATTACK, summary: `${ATTACK}\u202e`, evidence: [0, 1e9] };
  maker.verdict = { status: 'failed', firstCause: finding, consequences: [finding], unrelated: [finding] };
  return maker.finish(1000);
}

function nested(depth: number): unknown {
  return depth === 0 ? ATTACK : [{ more: nested(depth - 1) }];
}
