import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Story } from '../../src/story/document.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { said } from '../credentials.ts';
import { temporaryFolder } from '../folder.ts';

/** The real command in a process of its own. */
export interface Command {
  readonly exit: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Resolves when standard error holds a text. */
  said(text: string): Promise<void>;
  /** Standard error so far. */
  stderr(): string;
  interrupt(): void;
  kill(): void;
}

export function faro(args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
    for (const { text, resolve } of waiting) if (stderr.includes(text)) resolve();
  });
  const { promise: exit, resolve: exited } = Promise.withResolvers<{
    code: number | null;
    stdout: string;
    stderr: string;
  }>();
  child.on('close', (code) => {
    for (const { reject, text } of waiting) reject(new Error(`ended without saying "${text}": ${stderr}`));
    said(stdout, stderr);
    exited({ code, stdout, stderr });
  });
  return {
    exit,
    said: (text) =>
      new Promise((resolve, reject) => {
        if (stderr.includes(text)) return resolve();
        waiting.push({ text, resolve, reject });
      }),
    stderr: () => stderr,
    interrupt: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
  };
}

/** A capture under way; disposing it leaves none behind when a test fails. */
export interface Capture extends Disposable {
  /** Ends it with the first Ctrl-C; the story that it wrote. */
  end(): Promise<Story>;
  /** Waits for its own end. */
  story(code?: number): Promise<Story>;
  /** The file as it stands, where JSON.parse would lose digits. */
  text(): string;
  said(text: string): Promise<void>;
  /** All that faro has said and written so far. */
  output(): string;
}

/** Starts a capture and resolves when it records, i.e. when every first list was answered. */
export async function startCapture(
  at: {
    readonly kubeconfig: string;
    readonly namespace: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Of the story and its journal. */
    readonly folder?: string;
  },
  ...args: string[]
): Promise<Capture> {
  const output = join(at.folder ?? temporaryFolder('e2e'), 'story.json');
  const command = faro(
    [
      'capture',
      ...args,
      '-n',
      at.namespace,
      '-o',
      output,
      '--kubeconfig',
      at.kubeconfig,
      '--log-level',
      'info',
      '--log-format',
      'json',
      '--settle',
      '1s',
    ],
    at.env,
  );
  await command.said('"msg":"recording"');
  const story = async (expected = 0) => {
    const { code, stderr } = await command.exit;
    if (code !== expected) throw new Error(`faro ended with ${code}: ${stderr}`);
    const { problems } = await verifyStory(output);
    assert.deepEqual(problems, [], 'faro verify finds the story sound');
    return JSON.parse(readFileSync(output, 'utf8')) as Story;
  };
  return {
    story,
    text: () => readFileSync(output, 'utf8'),
    said: (text) => command.said(text),
    [Symbol.dispose]: () => command.kill(),
    output: () => command.stderr() + readFileSync(output, 'utf8'),
    end() {
      command.interrupt();
      return story();
    },
  };
}
