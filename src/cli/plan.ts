import { KUBELET_PORT } from '../kube/kubelet.ts';
import { FaroError } from '../model/errors.ts';
import { parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import type { EndConditions } from '../record/end.ts';
import { parsePattern } from '../redact/patterns.ts';
import type { CommandContext } from './context.ts';
import { diskOf } from './disk.ts';
import { parseDuration } from './duration.ts';
import type { CaptureOptions } from './options.ts';

/** What a capture is to do: when it ends, which lines of logs it takes, what it takes out, how it meets a full disk. */
export type CapturePlan = ReturnType<typeof planOf>;

/** What the options ask for, checked before anything is begun. */
export function planOf(options: CaptureOptions, context: CommandContext, startedAt: number = context.clock.now()) {
  const { command } = context;
  if (command?.length === 0)
    throw new FaroError('usage', 'there is no command after --', { hint: 'e.g. -- kubectl apply -f web.yaml' });
  if (command !== undefined && options.output === '-')
    throw new FaroError('usage', "standard output is the command's", { hint: 'name a file with -o' });
  return {
    end: endConditions(options, context),
    logs: logLimits(options, startedAt),
    kubeletPort: kubeletPortOf(options),
    disk: diskOf(options),
    drainMs: parseDuration(options.drain, '--drain'),
    redaction: {
      enabled: options.redact,
      managedFields: options.managedFields === true,
      patterns: (options.redactPattern ?? []).map(parsePattern),
    },
  };
}

function endConditions(options: CaptureOptions, { command }: CommandContext): EndConditions {
  const duration = (text: string | undefined, option: string) =>
    text === undefined ? undefined : parseDuration(text, option);
  if (options.timeout !== undefined && options.until === undefined)
    throw new FaroError('usage', '--timeout needs --until', { hint: 'use --for to record for a fixed time' });
  const byDefault = command === undefined || options.until === undefined ? undefined : COMMAND_TIMEOUT;
  return {
    until: options.until,
    forMs: duration(options.for, '--for'),
    timeoutMs: duration(options.timeout ?? byDefault, '--timeout'),
    settleMs: parseDuration(options.settle, '--settle'),
  };
}

/** A pipeline must not hang: much that never becomes ready never says that it has failed, either. */
const COMMAND_TIMEOUT = '10m';

function logLimits(options: CaptureOptions, startedAt: number) {
  checkLogs(options);
  if (!options.logs) return undefined;
  const tailLines = options.tail === undefined ? undefined : wholeNumber(options.tail, '--tail', 0);
  const since = options.since === undefined ? undefined : sinceOf(options.since, startedAt);
  const timeoutMs = options.logTimeout === undefined ? undefined : parseDuration(options.logTimeout, '--log-timeout');
  return {
    route: options.logRoute,
    maxStreams: wholeNumber(options.maxLogStreams, '--max-log-streams', 1),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** Refuses what could only be ignored. */
function checkLogs({ logs, logRoute, since, tail, kubeletDirect = false }: CaptureOptions): void {
  const ofTail = tail === undefined ? undefined : '--tail';
  const part = since === undefined ? ofTail : '--since';
  const hint = 'leave one of them out';
  if (part !== undefined && !logs)
    throw new FaroError('usage', `${part} and --no-logs contradict each other`, { hint });
  if (part !== undefined && logRoute === 'node-files')
    throw new FaroError('usage', `${part} needs the pod log API, which --log-route node-files does without`, { hint });
  if (kubeletDirect && logRoute === 'stream')
    throw new FaroError('usage', '--kubelet-direct reads log files, which --log-route stream does without', { hint });
}

/** Refuses what could only be ignored. */
function kubeletPortOf({
  kubeletDirect = false,
  kubeletPort,
  kubeletCa,
  kubeletInsecure = false,
}: CaptureOptions): number {
  const port = kubeletPort === undefined ? KUBELET_PORT : wholeNumber(kubeletPort, '--kubelet-port', 1);
  if (port > 65_535) throw new FaroError('usage', `--kubelet-port: "${kubeletPort}" is no port`);
  if (!kubeletDirect && (port !== KUBELET_PORT || kubeletCa !== undefined || kubeletInsecure))
    throw new FaroError('usage', '--kubelet-port, --kubelet-ca and --kubelet-insecure need --kubelet-direct');
  return port;
}

/** `--since` takes a duration or a time. */
function sinceOf(text: string, startedAt: number): Timestamp {
  return parseTimestamp(text) ?? timestampOf(startedAt - parseDuration(text, '--since'));
}

function wholeNumber(text: string, option: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new FaroError('usage', `${option}: "${text}" is not a whole number of at least ${least}`);
}
