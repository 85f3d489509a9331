import type { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { FaroError } from '../../model/errors.ts';
import type { Clock } from '../../model/time.ts';
import type { CredentialSource, Credentials } from '../connection.ts';
import { findCommand } from './command.ts';
import { BadExecCredential, type ExecCredential, parseExecCredential } from './exec-credential.ts';
import { type ExecCluster, execInfo } from './exec-info.ts';
import type { ExecPlugin } from './exec-plugin.ts';
import { type PluginEnd, runPlugin } from './run-plugin.ts';
import { SharedTask } from './shared-task.ts';
import { sameCredentials } from './sources.ts';

/** What a plugin needs beside its own settings. */
export interface ExecSurroundings {
  /** For messages: `/home/ada/.kube/config:12:5: user "ada"`. */
  readonly where: string;
  /** Asked for at every run: the certificate authority may have changed. */
  readonly cluster: () => ExecCluster;
  readonly env: NodeJS.ProcessEnv;
  readonly interactive: boolean;
  readonly stderr: Writable | undefined;
  readonly clock: Clock;
}

/** Credentials from an exec plugin: run when they are first needed, when they have expired, and after a 401. */
export class ExecCredentials implements CredentialSource {
  readonly #plugin: ExecPlugin;
  readonly #around: ExecSurroundings;
  readonly #run: SharedTask<Credentials>;
  #current: ExecCredential | undefined;
  /** Whether the server has refused the current ones. */
  #refused = false;

  constructor(plugin: ExecPlugin, surroundings: ExecSurroundings) {
    this.#plugin = plugin;
    this.#around = surroundings;
    this.#run = new SharedTask((signal) => this.#fetch(signal));
  }

  async get(signal: AbortSignal): Promise<Credentials> {
    signal.throwIfAborted();
    if (this.#current !== undefined && !this.#refused && !this.#hasExpired(this.#current)) {
      return this.#current.credentials;
    }
    return this.#run.join(signal);
  }

  reject(rejected: Credentials): boolean {
    if (rejected === this.#current?.credentials) this.#refused = true;
    return true;
  }

  #hasExpired({ expires }: ExecCredential): boolean {
    return expires !== undefined && this.#around.clock.now() > expires;
  }

  async #fetch(signal: AbortSignal): Promise<Credentials> {
    const { command, args } = this.#plugin;
    const { stderr, clock } = this.#around;
    const interactive = this.#isInteractive();
    const file = findCommand(command, this.#around.env);
    if (file === undefined) throw this.#notFound();
    const env = this.#environment(interactive);
    const fresh = this.#read(await runPlugin({ file, args, env, interactive, stderr, clock }, signal));
    const before = this.#current?.credentials;
    // The same content stays the same object, so that a caller sees that a retry is of no use.
    const credentials = before !== undefined && sameCredentials(before, fresh.credentials) ? before : fresh.credentials;
    this.#current = { credentials, expires: fresh.expires };
    this.#refused = false;
    return credentials;
  }

  #isInteractive(): boolean {
    const { interactiveMode } = this.#plugin;
    if (interactiveMode === 'Always' && !this.#around.interactive) {
      const problem = 'wants to ask on the terminal (interactiveMode: Always), and standard input is none';
      throw this.#broken(problem, 'Run Faro on a terminal, or use a user whose plugin needs none.');
    }
    return interactiveMode !== 'Never' && this.#around.interactive;
  }

  #environment(interactive: boolean): NodeJS.ProcessEnv {
    const info = execInfo(this.#plugin, this.#around.cluster(), interactive);
    return { ...this.#around.env, ...this.#plugin.env, KUBERNETES_EXEC_INFO: info };
  }

  #read(end: PluginEnd): ExecCredential {
    if ('failed' in end) throw this.#broken(`could not be started (${end.failed})`, this.#installHint());
    if ('tooMuch' in end) throw this.#failed('printed far more than credentials');
    if ('killedBy' in end) throw this.#failed(`was ended by ${end.killedBy}`);
    if (end.exitCode !== 0) throw this.#failed(`failed with exit code ${end.exitCode}`);
    try {
      return parseExecCredential(end.stdout, this.#plugin.apiVersion);
    } catch (error) {
      if (!(error instanceof BadExecCredential)) throw error;
      throw this.#failed(error.message);
    }
  }

  #notFound(): FaroError {
    const where = /[/\\]/.test(this.#plugin.command) ? 'is no program that this user may run' : 'was not found in PATH';
    return this.#broken(where, this.#installHint());
  }

  #installHint(): string {
    const hint = this.#plugin.installHint;
    if (hint === undefined) return 'Install the plugin, or correct the command. kubectl needs it, too.';
    return printable(hint.trim());
  }

  /** It cannot run here at all. */
  #broken(problem: string, hint: string): FaroError {
    return new FaroError('kubeconfig', this.#sentence(problem), { hint });
  }

  /** It ran and gave nothing of use; the next time it may. */
  #failed(problem: string): FaroError {
    const hint = 'What it had to say stands on standard error. Log in again, or run the plugin by itself, then retry.';
    return new FaroError('unauthorized', this.#sentence(problem), { hint });
  }

  #sentence(problem: string): string {
    return `${this.#around.where}: exec plugin ${this.#plugin.command} ${problem}`;
  }
}

/** Text for a terminal without what could change its state. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g, '');
}
