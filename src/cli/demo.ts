import { DemoCluster } from '../demo/cluster.ts';
import { playFailedRollout, prepareShop } from '../demo/scenario.ts';
import type { StorySummary } from '../story/file.ts';
import { checkBundle } from '../view/html/write/bundle.ts';
import { commandLog, recordStory } from './capture.ts';
import type { CommandContext } from './context.ts';
import { describeError, EXIT, type ExitCode } from './exit.ts';
import { headlineOf } from './explanation.ts';
import type { CaptureOptions, TelemetryOptions } from './options.ts';
import { planOf } from './plan.ts';
import type { ProgressMode } from './progress.ts';
import { placeReport, reportBeside } from './report.ts';
import { openSession } from './session.ts';

export interface DemoOptions extends TelemetryOptions {
  readonly output: string;
  readonly seed: string;
  readonly progress?: ProgressMode;
}

/** `faro demo`: plays a rollout that crashes and is rolled back on the simulated cluster, and records it over the real wire. */
export async function demo(options: DemoOptions, context: CommandContext): Promise<ExitCode> {
  const log = commandLog(options, context);
  const { stderr, clock, interrupts } = context;
  stderr.write(
    'A simulated cluster plays a rollout of deployment/web that crashes and is rolled back; faro records it (about 13 s).\n',
  );
  await using cluster = await DemoCluster.start({ clock, seed: Number(options.seed) });
  prepareShop(cluster);
  cluster.run();
  const played = new AbortController();
  const first = AbortSignal.any([interrupts.first, played.signal]);
  const recording: CommandContext = { ...context, interrupts: { first, second: interrupts.second } };
  const asked: CaptureOptions = { ...DEMO_CAPTURE, ...options };
  const connection = cluster.connection();
  await using session = await openSession(
    { targets: ['deployment/web'], connection, namespace: 'shop', wait: false, context, log },
    first,
  );
  const play = playFailedRollout(cluster, first).then(
    () => played.abort('demo played'),
    () => undefined, // interrupted: what was played until then is recorded
  );
  const { summary } = await recordStory(session, {
    plan: planOf(asked, recording),
    options: asked,
    context: recording,
    log,
  });
  await play;
  stderr.write(guide(options.output, summary, context.env));
  if (options.output !== '-') stderr.write(`\n${await drawn(options.output)}`);
  return EXIT.done;
}

/** A checkout without what builds the page has its story all the same. */
async function drawn(story: string): Promise<string> {
  try {
    checkBundle();
  } catch (error) {
    return describeError(error);
  }
  const report = reportBeside(story);
  await placeReport(story, report);
  return `The same as a page that opens in any browser, offline: ${report}\n`;
}

const DEMO_CAPTURE = {
  settle: '0',
  drain: '10s',
  logRoute: 'auto',
  maxLogStreams: '100',
  diskWait: '10m',
  logs: true,
  related: true,
  redact: true,
  force: true,
} as const;

/** Where to look, as commands that can be copied. */
function guide(output: string, { counts, verdict }: StorySummary, env: NodeJS.ProcessEnv): string {
  // Whom npm has run from a checkout has no other faro.
  const faro = env.npm_command === undefined ? 'faro' : 'npx faro';
  return `
${output}: ${counts.objects} objects, ${counts.containers} container runs, ${counts.logLines} log lines, ${counts.events} events on one timeline.
${headlineOf(verdict)}

The first cause, its evidence and what followed:
  ${faro} explain ${output}
What happened to each container:
  jq -r '.timeline[] | select(.type=="lifecycle" and .containerName) | [.time[11:23], .containerName, .what, .exitCode // "", .reason // ""] | @tsv' ${output}
Why the rollout failed, the last lines before each crash:
  jq -r '.timeline[] | select(.type=="log" and (.line|test("fatal|failed"))) | [.time[11:23], .container, .line] | @tsv' ${output}
How the Deployment was changed, and by whom:
  jq -c '.timeline[] | select(.type=="object" and .object==0 and .manager=="kubectl") | {time, patch}' ${output}
`;
}
