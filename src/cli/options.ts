import type { Command } from 'commander';
import { Option } from 'commander';
import type { Goal } from '../record/goal.ts';
import type { LogRouteChoice } from '../record/record.ts';
import type { LogFormat, LogLevel } from '../telemetry/log.ts';
import type { ProgressMode } from './progress.ts';

/** How to reach the cluster; the names are kubectl's. */
export interface ConnectionOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly server?: string;
  readonly token?: string;
  readonly as?: string;
  readonly asGroup?: string[];
  readonly asUid?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

/** How faro itself speaks. */
export interface TelemetryOptions {
  readonly logLevel: LogLevel;
  readonly logFormat?: LogFormat;
}

export interface CaptureOptions extends ConnectionOptions, TelemetryOptions {
  readonly output: string;
  readonly for?: string;
  readonly until?: Goal;
  readonly timeout?: string;
  readonly settle: string;
  readonly drain: string;
  readonly wait?: boolean;
  readonly force?: boolean;
  readonly logs: boolean;
  readonly related: boolean;
  readonly since?: string;
  readonly tail?: string;
  readonly logRoute: LogRouteChoice;
  readonly kubeletDirect?: boolean;
  readonly kubeletPort?: string;
  readonly kubeletCa?: string;
  readonly kubeletInsecure?: boolean;
  readonly maxLogStreams: string;
  readonly logTimeout?: string;
  readonly diskWait: string;
  readonly maxJournalSize?: string;
  readonly managedFields?: boolean;
  readonly redact: boolean;
  readonly redactPattern?: string[];
  readonly keepJournal?: boolean;
  readonly progress?: ProgressMode;
  /** The HTML file, or true for one beside the story. */
  readonly report?: string | true;
  readonly junit?: string;
  readonly summary?: string;
  readonly signKey?: string;
}

/** Adds the options that every command has which speaks to a cluster. */
export function withConnection(command: Command): Command {
  return command
    .optionsGroup('Cluster and user, as for kubectl:')
    .option('-n, --namespace <namespace>', "namespace of the objects (default: the context's)")
    .option('--kubeconfig <file>', 'kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--cluster <name>', 'cluster of the kubeconfig')
    .option('--user <name>', 'user of the kubeconfig')
    .option('-s, --server <url>', 'address of the API server')
    .option('--token <token>', 'bearer token')
    .option('--as <user>', 'user to impersonate')
    .option(
      '--as-group <group>',
      'group to impersonate; may be given several times',
      (value: string, all: string[] = []) => [...all, value],
    )
    .option('--as-uid <uid>', 'UID to impersonate')
    .option('--insecure-skip-tls-verify', "do not verify the server's certificate");
}

/** Heads the options of what faro says. */
export const ABOUT_FARO = 'What faro says of itself:';

export function withTelemetry(command: Command): Command {
  return command
    .optionsGroup(ABOUT_FARO)
    .addOption(
      new Option('--log-level <level>', "faro's own log on standard error")
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .addOption(
      new Option('--log-format <format>', 'default: text on a terminal, json otherwise').choices(['text', 'json']),
    );
}
