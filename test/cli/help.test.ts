import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';

/** What a command line that comes to no command says, on both outputs. */
async function said(...args: readonly string[]): Promise<string> {
  const parts: string[] = [];
  const output = { write: (part: string) => parts.push(part) };
  const context = { stdout: output, stderr: output } as unknown as CommandContext;
  const program = createProgram(context, () => undefined);
  await program.parseAsync(['node', 'faro', ...args]).catch(() => undefined); // commander throws what it has said
  return parts.join('');
}

test('the help of each command says in a sentence what it does, and what stands behind it', async () => {
  const program = createProgram({} as CommandContext, () => undefined);
  for (const command of program.commands) {
    assert.notEqual(command.summary(), '', command.name());
    if (command.registeredArguments.length === 0 && command.options.length === 0) continue;
    assert.match(await said(command.name(), '--help'), /^Usage: faro .*\n(\s+faro .*\n)?\n[A-Z]/, command.name());
    assert.match(command.description(), /^[A-Z].*\.$/s, command.name());
  }
  assert.match(await said('--help'), /Begin with:\n {2}faro demo/);
});

test('the many options of a capture stand under what they are about', async () => {
  const help = await said('capture', '--help');
  const headings = [...help.matchAll(/^([A-Z].*):$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings, [
    'Arguments',
    'Options',
    'When it ends (or at Ctrl-C)',
    'What is recorded of objects',
    'Container logs',
    'Journal and disk',
    'What is written beside the story',
    'Cluster and user, as for kubectl',
    'What faro says of itself',
    'Examples',
  ]);
});

test('options that kubectl and stern have are answered with what serves in their place', async () => {
  for (const option of ['-l', '--selector', '--selector=app=web'])
    assert.match(await said('capture', option, 'app=web', '-o', 'x.json'), /name what owns the pods/, option);
  assert.match(await said('capture', 'deploy/web', '-A'), /in one namespace: -n NAMESPACE/);
  assert.match(await said('capture', 'pod/web', '--previous'), /runs that have ended are recorded/);
  assert.doesNotMatch(await said('capture', '--nonsense'), /\n {2}/);
});
