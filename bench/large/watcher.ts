import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that watches, as it is started and understood. */
export interface WatcherProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What it says, on which output, when it has synced. */
  readonly ready: { readonly on: 'stdout' | 'stderr'; readonly text: string };
  /**
   * When it heard of each resourceVersion, in Unix milliseconds: read from what it left behind at its end; where that is
   * not given, from the objects that it prints.
   */
  readonly notices?: (stdout: string) => Promise<ReadonlyMap<string, number>>;
  /** When it had the last of some pods, in Unix milliseconds; where that is not given, at its sync. */
  readonly foundAt?: (pods: readonly string[]) => Promise<number>;
}

const TICKS_PER_SECOND = 100;

/** A running watcher, and what it takes of the machine. */
export class Watcher {
  readonly program: WatcherProgram;
  readonly #child: ChildProcess;
  readonly #startedAt = performance.now();
  readonly #seen = new Map<string, number>();
  #stdout = '';
  #syncMs = 0;

  private constructor(program: WatcherProgram, env: NodeJS.ProcessEnv) {
    this.program = program;
    this.#child = spawn(program.command, program.args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    process.once('exit', () => this.#child.kill());
  }

  /** Resolves when it has synced. */
  static async start(program: WatcherProgram, env: NodeJS.ProcessEnv): Promise<Watcher> {
    const watcher = new Watcher(program, env);
    await watcher.#synced();
    return watcher;
  }

  /** Milliseconds from its start to its sync. */
  get syncMs(): number {
    return this.#syncMs;
  }

  /** Milliseconds from its start until it had all of some pods. To be asked after its end. */
  async foundMs(pods: readonly string[]): Promise<number> {
    const at = await this.program.foundAt?.(pods);
    return at === undefined ? this.#syncMs : at - performance.timeOrigin - this.#startedAt;
  }

  /** User and system time so far, in milliseconds. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  }

  /** MiB at most so far. */
  get peakMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  /** Resolves when it has nothing more to do. */
  async rests(): Promise<void> {
    for (let before = -1; this.cpuMs - before > 20; ) {
      before = this.cpuMs;
      await sleep(500);
    }
  }

  /** Ends it, and returns when it heard of what. */
  async end(): Promise<ReadonlyMap<string, number>> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGINT');
    await closed;
    return (await this.program.notices?.(this.#stdout)) ?? this.#seen;
  }

  async #synced(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const said: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
    const { on, text } = this.program.ready;
    for (const output of ['stdout', 'stderr'] as const)
      this.#child[output]?.on('data', (chunk: Buffer) => {
        const part = chunk.toString('latin1');
        if (output === 'stdout') this.#read(part);
        said[output] = (said[output] + part).slice(-4096);
        if (output === on && (said[output] + part).includes(text)) resolve();
      });
    this.#child.once('close', (code) => reject(new Error(`${this.program.name} ended with ${code}: ${said.stderr}`)));
    await promise;
    this.#syncMs = Math.round(performance.now() - this.#startedAt);
  }

  /** Of a stream of objects only the resourceVersions are kept, and a bit in which half of one may stand. */
  #read(part: string): void {
    const text = this.#stdout + part;
    if (this.program.notices !== undefined) {
      this.#stdout = text;
      return;
    }
    const now = performance.timeOrigin + performance.now();
    for (const [, version = ''] of text.matchAll(/"resourceVersion": "(\d+)"/g))
      if (!this.#seen.has(version)) this.#seen.set(version, now);
    this.#stdout = part.slice(-40);
  }
}
