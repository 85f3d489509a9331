import { Command, Option } from 'commander';
import { VERSION } from '../version.ts';
import { completionScript, SHELLS } from './completion.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { withForeignHint } from './foreign-options.ts';
import { CAPTURE_HELP, COMPLETION_HELP, CONVERT_HELP, FIRST_STEPS, RECOVER_HELP, VIEW_HELP } from './help.ts';
import { ABOUT_FARO, withConnection, withTelemetry } from './options.ts';

/** What `faro convert` makes. */
const FORMATS = ['md', 'ndjson', 'csv', 'otlp', 'perfetto', 'kubectl-dir'];

/**
 * The whole command line. `done` receives the exit code of the command that ran. A command's own code is loaded when
 * it runs, so that help comes at once.
 */
export function createProgram(context: CommandContext, done: (code: ExitCode) => void): Command {
  const program = new Command('faro')
    .description('Records the complete story of a Kubernetes workload as one file.')
    .version(VERSION, '-V, --version')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(withForeignHint(text)),
    })
    .exitOverride()
    .showHelpAfterError('(faro --help lists the commands, faro COMMAND --help its options)')
    .addHelpText('after', FIRST_STEPS);
  addCapture(program, context, done);
  addCheck(program, context, done);
  addStoryCommands(program, context, done);
  addReport(program, context, done);
  addOwnCommands(program, context, done);
  return program;
}

function addCapture(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command('capture')
    .summary('record objects and all that belongs to them')
    .usage('[options] <targets...> [-- command...]\n       faro capture --resume <journal> [options]')
    .description(
      'Records objects, everything they own, its Events and every log line, until it is told to end, and writes one story.',
    )
    .argument(
      '[targets...]',
      'what to record: TYPE/NAME..., e.g. deployment/web, sts/db, jobs.batch/migrate, widgets.example.com/w1',
    )
    .option('-o, --output <file>', 'story to write: .json, .json.gz or .json.zst; - for standard output')
    .option('-f, --force', 'overwrite an existing story')
    .option('--resume <journal>', 'go on with a capture that was killed: its targets and options are in its journal')
    .option('--wait', 'targets may not exist yet: record them from their creation on')
    .optionsGroup('When it ends (or at Ctrl-C):')
    .option('--for <duration>', 'end after this long, e.g. 30s; with --until the goal must be met by then')
    .addOption(new Option('--until <goal>', 'end when every target is there').choices(['ready', 'complete', 'deleted']))
    .option('--timeout <duration>', 'longest wait for --until; then exit code 1 (default: none; around a command 10m)')
    .option('--settle <duration>', 'go on recording this long after the goal, which must still hold then', '5s')
    .option('--drain <duration>', 'at the end, longest wait for the logs of ended containers', '30s')
    .optionsGroup('What is recorded of objects:')
    .option(
      '--no-related',
      'leave out what explains the objects without being part of them: Services, Nodes, quotas, …',
    )
    .option('--managed-fields', 'keep managedFields whole')
    .option('--no-redact', 'keep values that look like credentials, in objects and log lines')
    .option(
      '--redact-pattern <name=regex>',
      'also take out what this expression (RE2) matches; may be given several times',
      (value: string, all: string[] = []) => [...all, value],
    )
    .optionsGroup('Container logs:')
    .option('--no-logs', 'leave container logs out')
    .option('--since <time>', 'only log lines since then: a duration (10m) or an RFC 3339 time')
    .option('--tail <lines>', 'only this many lines from the end of logs that exist already')
    .addOption(
      new Option(
        '--log-route <route>',
        "auto: nodes' log files where this user may read them, with streams beside them",
      )
        .choices(['auto', 'stream', 'node-files'])
        .default('auto'),
    )
    .option(
      '--kubelet-direct',
      "read nodes' log files from their kubelets (get nodes/log), e.g. from inside the cluster",
    )
    .option('--kubelet-port <port>', 'port of the kubelets', '10250')
    .option('--kubelet-ca <file>', "authority of the kubelets' certificates (default: the cluster's)")
    .option('--kubelet-insecure', "do not verify the kubelets' certificates")
    .option('--max-log-streams <count>', 'logs read at once; the rest waits', '500')
    .option('--log-timeout <duration>', "give up one container's log after this long without progress")
    .optionsGroup('Journal and disk:')
    .option('--keep-journal', 'keep the journal beside the story')
    .option('--disk-wait <duration>', 'on a full disk wait this long for room; then the recording ends', '10m')
    .option(
      '--max-journal-size <size>',
      'greatest size of the journal, e.g. 2Gi; a log stops that takes more than 4 times the room left for logs (default: none)',
    )
    .optionsGroup('What is written beside the story:')
    .option('--report [file]', 'also draw the story as one HTML file (default: beside the story)')
    .option('--junit <file>', 'write a JUnit report of the goal and the command')
    .option('--summary <file>', 'write a Markdown summary; $GITHUB_STEP_SUMMARY gets one in any case')
    .option('--sign-key <file>', 'sign the story with this ed25519 key (PEM)')
    .addHelpText('after', CAPTURE_HELP)
    .action(async (targets, options) => {
      if (options.resume !== undefined) {
        const { resume } = await import('./resume.ts');
        const given = new Set(Object.keys(options).filter((name) => command.getOptionValueSource(name) === 'cli'));
        given.delete('resume');
        return done(await resume(options.resume, { targets, options, given }, context));
      }
      if (targets.length === 0) command.error("error: missing required argument 'targets'");
      if (options.output === undefined) command.error("error: required option '-o, --output <file>' not specified");
      const { capture } = await import('./capture.ts');
      done(await capture(targets, options, context));
    });
  withTelemetry(withProgress(withConnection(command)));
}

function withProgress(command: Command): Command {
  const modes = ['auto', 'tty', 'plain', 'none'];
  return command
    .optionsGroup(ABOUT_FARO)
    .addOption(
      new Option('--progress <mode>', 'tty: a live view; plain: a line for each change; auto: what fits')
        .choices(modes)
        .default('auto'),
    );
}

function addCheck(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command('check')
    .summary('what this user may record, and what a story would lack')
    .description(
      'Says what this user may see of the targets and what their story would lack, and prints the Role that it takes.',
    )
    .argument('<targets...>', 'TYPE/NAME..., as for capture')
    .addHelpText('after', '\nExample: faro check deployment/web -n shop > role.yaml\n')
    .action(async (targets, options) => {
      const { check } = await import('./check.ts');
      done(await check(targets, options, context));
    });
  withTelemetry(withConnection(command));
}

function addStoryCommands(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  addView(program, context, done);
  program
    .command('explain')
    .summary('what went wrong in a story: the first cause, and what followed')
    .description('Names the first cause of what went wrong in a story, with its evidence, and what followed from it.')
    .argument('<story>', 'story.json, .json.gz or .json.zst')
    .option('--json', 'the verdict as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 healthy or recovered; 1 failed, or not known to be well; 2 usage; 4 no story.\n',
    )
    .action(async (story, options) => {
      const { explain } = await import('./explain.ts');
      done(await explain(story, options, context));
    });
  program
    .command('recover')
    .summary('make a story of the journal of a capture that was killed')
    .description('Makes a story of what the journal of a killed capture holds, and states what may be missing.')
    .addHelpText('after', RECOVER_HELP)
    .argument('<journal>', 'the folder, e.g. story.json.journal')
    .requiredOption('-o, --output <file>', 'story to write')
    .option('-f, --force', 'overwrite an existing story')
    .option('--sign-key <file>', 'sign the story with this ed25519 key (PEM)')
    .action(async (journal, options) => {
      const { recover } = await import('./recover.ts');
      done(await recover(journal, options, context));
    });
  program
    .command('verify')
    .summary('prove that a story is whole and agrees with itself; exit code 1 if not')
    .description(
      'Recomputes all of a story that can be recomputed: counts, order, patches against states, ledgers against the time line, the verdict, and with a key its signature. Says what it lacks by its own account.',
    )
    .addHelpText('after', '\nExit codes: 0 sound, complete or not; 1 not sound; 2 usage; 4 no story.\n')
    .argument('<story>', 'story.json, .json.gz or .json.zst')
    .option('--public-key <file>', 'ed25519 key (PEM) that must have signed it: finds any edit')
    .action(async (story, options) => {
      const { verify } = await import('./verify.ts');
      done(await verify(story, options, context));
    });
  program
    .command('convert')
    .summary('a story as Markdown, NDJSON, CSV, OpenTelemetry logs, a Perfetto trace or a folder')
    .description('Writes a story in another form.')
    .addHelpText('after', CONVERT_HELP)
    .argument('<story>', 'story.json, .json.gz or .json.zst')
    .addOption(new Option('--to <format>', 'what to make of it').choices(FORMATS).makeOptionMandatory())
    .option('-o, --output <file>', 'file, or for kubectl-dir folder, to write; default: standard output')
    .option('--budget <tokens>', 'md: how much of a language model’s context it may take (default: 8000)')
    .option('-f, --force', 'overwrite an existing file')
    .action(async (story, options) => {
      const { convert } = await import('./convert.ts');
      done(await convert(story, options, context));
    });
}

function addReport(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command('report')
    .summary('draw a story as one HTML file that opens offline')
    .description(
      'Draws a story as one HTML file that opens in any browser, offline: the time line, search, states compared, and the ledger.',
    )
    .argument('<story>', '.json, .json.gz or .json.zst')
    .option('-o, --output <file>', 'HTML file to write (default: beside the story)')
    .option('-f, --force', 'overwrite an existing report')
    .action(async (story, options) => {
      const { report } = await import('./report.ts');
      done(await report(story, options, context));
    });
}

function addView(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const several = (value: string, all: string[] = []) => [...all, value];
  program
    .command('view')
    .summary('look into a story: its objects and its time line')
    .description('Shows the objects of a story as a tree, and its time line; or every object as it was at a moment.')
    .addHelpText('after', VIEW_HELP)
    .argument('<story>', 'a file that faro capture has written')
    .option(
      '--object <name>',
      'only these objects and their logs: pod/web-7c9-x2x, web-*; may be given several times',
      several,
    )
    .option('--type <types>', 'only entries of these types: log,event,lifecycle,object,gap,note', several)
    .option('--entry <numbers>', 'only these entries, as faro explain names them: 333,706', several)
    .option('--since <time>', 'from then on: RFC 3339, 16:07:03 (UTC), +30s (after the start), 30s (before the end)')
    .option('--until <time>', 'up to then')
    .option('--grep <expression>', 'only entries whose text matches (RE2 syntax)')
    .option('--at <time>', 'the state of every object at that moment; with --object the objects, as YAML')
    .option('--no-pager', 'write to the terminal without $PAGER')
    .action(async (story, options) => {
      const { view } = await import('./view.ts');
      done(await view(story, options, context));
    });
}

function addOwnCommands(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command('demo')
    .summary('record a failed rollout on the built-in simulated cluster')
    .description(
      'Plays a rollout that crashes and is rolled back on a simulated cluster, records it over the real HTTP API, and writes its story and report. Takes about 13 s, and no cluster.',
    )
    .option('-o, --output <file>', 'story to write, with its report beside it', 'story-demo.json')
    .option('--seed <number>', 'another seed gives another run of the same events', '1')
    .action(async (options) => {
      const { demo } = await import('./demo.ts');
      done(await demo(options, context));
    });
  withTelemetry(withProgress(command));
  program
    .command('version')
    .summary('print the version')
    .action(() => {
      context.stdout.write(`faro ${VERSION} (node ${process.versions.node})\n`);
      done(EXIT.done);
    });
  program
    .command('completion')
    .summary('print a completion script')
    .description('Prints a script by which a shell completes commands, options, contexts, namespaces and objects.')
    .addHelpText('after', COMPLETION_HELP)
    .argument('<shell>', SHELLS.join(', '))
    .action((shell) => {
      context.stdout.write(completionScript(shell, program));
      done(EXIT.done);
    });
}
