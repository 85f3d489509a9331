import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { temporaryFolder } from '../folder.ts';
import { lacks } from '../tools.ts';

const folder = temporaryFolder('completion');
const options = { skip: lacks('bash') };

/** A kubectl that knows two contexts, two types and two pods. */
const KUBECTL = `#!/bin/sh
case "$*" in
  "config get-contexts -o name") printf 'prod\\nstage\\n' ;;
  "get namespaces -o name") printf 'namespace/shop\\nnamespace/sys\\n' ;;
  "api-resources --cached --verbs=list -o name") printf 'pods\\ndeployments.apps\\n' ;;
  "get po -o name") printf 'pod/web-1\\npod/db-1\\n' ;;
  *) exit 1 ;;
esac
`;

before(() => {
  const script = execFileSync(process.execPath, ['src/main.ts', 'completion', 'bash']);
  writeFileSync(join(folder, 'faro.bash'), script);
  writeFileSync(join(folder, 'kubectl'), KUBECTL);
  chmodSync(join(folder, 'kubectl'), 0o755);
});

/** What bash offers for the last of some words. */
function offered(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const text = `source ${folder}/faro.bash; COMP_WORDS=(faro ${line}); COMP_CWORD=${words.length}; _faro; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  return execFileSync('bash', ['--norc', '-c', text], { env, encoding: 'utf8' }).trim().split('\n');
}

test('bash completes commands, options, and the values that options take', options, () => {
  assert.deepEqual(offered('ver'), ['verify', 'version']);
  assert.deepEqual(offered('capture', 'deploy/web', '--log-r'), ['--log-route']);
  assert.deepEqual(offered('capture', 'deploy/web', '--log-route', ''), ['auto', 'stream', 'node-files']);
  assert.deepEqual(offered('capture', 'deploy/web', '--until', ''), ['ready', 'complete', 'deleted']);
  assert.deepEqual(offered('convert', 's.json', '--to', 'k'), ['kubectl-dir']);
  assert.deepEqual(offered('completion', 'z'), ['zsh']);
});

test('bash completes what only kubeconfig and cluster know, by way of kubectl', options, () => {
  assert.deepEqual(offered('capture', 'deploy/web', '--context', ''), ['prod', 'stage']);
  assert.deepEqual(offered('capture', 'deploy/web', '-n', 's'), ['shop', 'sys']);
  assert.deepEqual(offered('check', 'dep'), ['deployments.apps/']);
  assert.deepEqual(offered('capture', 'po/w'), ['po/web-1']);
});

test('the scripts for zsh and fish name the same values', () => {
  const script = (shell: string) =>
    execFileSync(process.execPath, ['src/main.ts', 'completion', shell], { encoding: 'utf8' });
  assert.match(script('zsh'), /^#compdef faro[\s\S]*values="auto stream node-files"/);
  assert.match(script('fish'), /-l log-route -x -a 'auto stream node-files'/);
});
