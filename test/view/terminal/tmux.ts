import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../cluster/build.ts';

const isThere = () => ['/usr/bin/tmux', '/usr/local/bin/tmux'].some((path) => existsSync(path));

/** Why tests on a terminal are skipped here; false where they run. With CI=true they always do: tmux is installed. */
export const skipped: string | false = isThere() || process.env.CI === 'true' ? false : 'tmux is not installed';

/** A program on a real terminal of a given size. */
export interface TerminalSession extends AsyncDisposable {
  /** What the screen shows, without colours. */
  screen(): Promise<string>;
  /** With its escape sequences. */
  painted(): Promise<string>;
  /** Waits until the screen shows something; fails with what it shows instead. */
  shows(pattern: RegExp): Promise<string>;
  keys(...keys: string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
}

/** Runs a shell command on a terminal; what it ended with stands below it, `ended with N`. */
export async function onTerminal(command: string, { columns = 100, rows = 30 } = {}): Promise<TerminalSession> {
  if (!isThere()) await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'tmux']);
  const name = `faro-${randomUUID()}`;
  const server = ['-L', name, '-f', '/dev/null']; // a server of its own, so that nobody's settings count
  const tmux = (...args: string[]) => run('tmux', [...server, ...args]);
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', '-s', name, ...size, `${command}; echo ended with $?; sleep 60`);
  const screen = () => tmux('capture-pane', '-p', '-t', name);
  return {
    screen,
    painted: () => tmux('capture-pane', '-e', '-p', '-t', name),
    async shows(pattern) {
      for (let tries = 0; tries < 400; tries += 1) {
        const text = await screen();
        if (pattern.test(text)) return text;
        await sleep(50); // a screen cannot be waited for otherwise
      }
      throw new Error(`the terminal never showed ${pattern}:\n${await screen()}`);
    },
    async keys(...keys) {
      await tmux('send-keys', '-t', name, ...keys);
    },
    async resize(width, height) {
      await tmux('resize-window', '-t', name, '-x', String(width), '-y', String(height));
    },
    async [Symbol.asyncDispose]() {
      await tmux('kill-server').catch(() => undefined); // it may have ended with what ran in it
    },
  };
}
