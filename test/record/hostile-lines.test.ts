import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import { readStory } from '../../src/index.ts';
import { printable } from '../../src/model/printable.ts';
import { writeStory } from '../../src/story/file.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';
import { journalOf } from '../story/simulated-story.ts';
import { recordedLines, startRecording, until } from './harness.ts';

/** Lines as a broken, or a malicious, program writes them; each must come out as it went in. */
const HOSTILE: readonly Buffer[] = [
  '\x1b[2J\x1b[1;1Hcleared', // clears a terminal
  '\x1b]0;title\x07 \x1b]8;;https://evil.example\x07link\x1b]8;;\x07',
  '\x1bP+q544e\x1b\\ \x9b31m', // asks a terminal, which would answer as if typed
  'a\rb\x08c\x00d\x7fe\x0bf',
  '\u202egnp.exe \u2066isolated \u200b\ufeff',
  '<script>alert(1)</script> <img src=x onerror=alert(1)> --> ]]> &lt;',
  '| a | b | [x](javascript:alert(1)) ```',
  '=cmd|calc!A1', // a formula to a spreadsheet
  '::error::a command to a pipeline ##vso[task.complete]',
  '"\\ \\u0000 {"line":',
  '',
  ' ',
].map((text) => Buffer.from(text));
const BYTES: readonly Buffer[] = [
  Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x80, 0xed, 0xa0, 0x80, 0xf8]),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10)),
];
const LINES = [...HOSTILE, ...BYTES, Buffer.from('x'.repeat(100_000)), Buffer.from('the last of them')];

/** The first character that a terminal would take for a command, or that hides or reorders text. */
function hidden(text: string): string | undefined {
  const found = [...text].find((character) => character !== '\n' && printable(character) !== character);
  return found === undefined ? undefined : `U+${found.codePointAt(0)?.toString(16)}`;
}

for (const route of ['stream', 'node-files', 'auto'] as const)
  test(`hostile lines come out byte for byte, and no command hands them to a terminal (${route})`, async () => {
    await using recording = await startRecording({
      prepare: prepareShop,
      options: { logs: { maxStreams: 50, route } },
    });
    const { cluster, records } = recording;
    await until('three logs are followed', () => recordedLines(records).size >= 6);
    const pods = cluster.store.list(cluster.type('pods'), 'shop');
    for (const { metadata } of pods) for (const line of LINES) cluster.api.log(metadata.uid, 'web', false)?.write(line);
    const arrived = () =>
      [...recordedLines(records).values()].flat().filter((line) => line.endsWith('the last of them'));
    await until('the last line is recorded', () => arrived().length >= 3);
    await recording.end();
    const folder = temporaryFolder('hostile');
    const output = join(folder, 'story.json.zst');
    await writeStory({ journal: await journalOf(records), output, force: false });
    assert.deepEqual((await verifyStory(output)).problems, []);

    const found = new Map<number, string[]>();
    await using story = await readStory(output);
    for await (const entry of story.entries()) {
      if (entry.type !== 'log') continue;
      const bytes = entry.line === undefined ? Buffer.from(entry.bytes ?? '', 'base64') : Buffer.from(entry.line);
      found.set(entry.container, [...(found.get(entry.container) ?? []), bytes.toString('latin1')]);
    }
    const expected = LINES.map((line) => line.toString('latin1'));
    const whole = [...found.values()].filter((lines) => lines.includes('the last of them'));
    assert.equal(whole.length, 3);
    for (const lines of whole) {
      const begin = lines.indexOf(expected[0] ?? '');
      assert.deepEqual(lines.slice(begin, begin + expected.length), expected);
    }
    if (route !== 'auto') return;
    const converted = join(folder, 'dump');
    assert.equal((await faro(['convert', output, '--to', 'kubectl-dir', '-o', converted]).exit).code, 0);
    const files = readdirSync(converted, { recursive: true, encoding: 'utf8' }).filter((name) => /web/.test(name));
    const all = Buffer.concat(LINES.flatMap((line) => [line, Buffer.from('\n')]));
    const dumped = files.map((name) => join(converted, name)).filter((name) => /\.(log|txt)$/.test(name));
    assert.ok(
      dumped.some((name) => readFileSync(name).includes(all)),
      `no file of ${dumped.join(' ')} holds them as they are`,
    );
    for (const args of [
      ['view', output, '--no-pager'],
      ['explain', output],
      ['verify', output],
      ['convert', output, '--to', 'md', '-o', '-'],
    ]) {
      const { stdout, stderr } = await faro(args).exit;
      assert.equal(hidden(stdout + stderr), undefined, args.join(' '));
    }
  });
