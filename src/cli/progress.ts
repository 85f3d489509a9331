import { messageOf } from '../model/errors.ts';
import { counted } from '../model/grouped.ts';
import type { JournalRecord, Root } from '../model/record.ts';
import type { RecordProgress } from '../record/record.ts';
import type { Log } from '../telemetry/log.ts';
import { entryLine } from '../view/terminal/entry-line.ts';
import { type Line, span } from '../view/terminal/line.ts';
import { LiveStory } from '../view/terminal/live-story.ts';
import { LiveView } from '../view/terminal/live-view.ts';
import { isDumb, type Painter, painter, wantsColour } from '../view/terminal/painter.ts';
import { withoutCommands } from './ci/platform.ts';
import type { CommandContext } from './context.ts';
import type { Terminal } from './terminal.ts';

/** `--progress`. */
export type ProgressMode = 'auto' | 'tty' | 'plain' | 'none';

/** Shows a recording while it is made. */
export interface Progress extends AsyncDisposable {
  take(record: JournalRecord): void;
}

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly roots: readonly Root[];
  readonly context: CommandContext;
  readonly log: Log;
  /** Of the recorder. */
  readonly counts: () => RecordProgress;
}

/** The live view on a terminal, plain lines elsewhere, or nothing. */
export function startProgress(options: ProgressOptions): Progress {
  const { context, mode } = options;
  const { terminal, env, command } = context;
  if (mode === 'none') return { take: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  const canDraw = terminal !== undefined && (mode === 'tty' || !isDumb(env));
  // A terminal is the command's while it runs.
  if (mode === 'plain' || !canDraw || command !== undefined) return plainProgress(options);
  return screenProgress(options, terminal);
}

/** A line for everything that happens but log lines. */
function plainProgress({ roots, context, log }: ProgressOptions): Progress {
  const { env, stderr } = context;
  const story = new LiveStory(roots);
  const paint = painter(wantsColour(env, stderr.isTTY === true));
  const take = guarded(log, (record) => {
    if (record.kind === 'log') return; // none is shown, and the screen keeps a copy of some
    story.take(record);
    for (const entry of story.drain())
      stderr.write(`${withoutCommands(paint(entryLine(entry), Number.POSITIVE_INFINITY))}\n`);
  });
  return { take, [Symbol.asyncDispose]: async () => undefined };
}

function screenProgress({ roots, context, log, counts }: ProgressOptions, terminal: Terminal): Progress {
  const { clock, env, interrupts } = context;
  const story = new LiveStory(roots);
  const startedAt = clock.now();
  const paint: Painter = painter(wantsColour(env, true));
  const names = roots.map(({ resource, name }) => `${resource}/${name}`).join(' ');
  const view = new LiveView({
    story,
    clock,
    painter: paint,
    surface: terminal.output,
    headline: () =>
      headline(names, { counts: counts(), ms: clock.now() - startedAt, isEnding: interrupts.first.aborted }),
    onAction: (action) => {
      if (action === 'quit') context.interrupt('SIGINT');
      else terminal.suspend({ restore: () => view.screen.leave(), enter: () => enterAnew(view) });
    },
  });
  const stop = new AbortController();
  const taken = terminal.take({
    onKeys: (input) => view.keys(input),
    onResize: () => view.resized(),
    restore: () => view.screen.leave(),
  });
  view.screen.enter();
  const running = view.run(stop.signal).catch((error: unknown) => {
    view.screen.leave();
    log.error({ error: messageOf(error) }, 'the live view failed; the recording goes on');
  });
  return {
    take: guarded(log, (record) => story.take(record)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      taken[Symbol.dispose]();
    },
  };
}

function enterAnew(view: LiveView): void {
  view.screen.enter();
  view.resized();
}

/** What shows a recording must never stop it. */
function guarded(log: Log, take: (record: JournalRecord) => void): (record: JournalRecord) => void {
  let hasFailed = false;
  return (record) => {
    if (hasFailed) return;
    try {
      take(record);
    } catch (error) {
      hasFailed = true;
      log.error({ error: messageOf(error) }, 'the progress cannot be shown any more; the recording goes on');
    }
  };
}

interface Headline {
  readonly counts: RecordProgress;
  readonly ms: number;
  readonly isEnding: boolean;
}

function headline(names: string, { counts, ms, isEnding }: Headline): Line {
  const { objects, events, logLines, openLogs, gaps } = counts;
  return [
    span(isEnding ? 'ending ' : 'recording ', isEnding ? 'busy' : 'good'),
    span(names, 'bold'),
    span(`  ${Math.floor(ms / 1000)}s  ${counted(objects, 'object')}  ${counted(events, 'event')}  `),
    span(`${counted(logLines, 'line')}  ${counted(openLogs, 'log')} open`),
    ...(gaps > 0 ? [span(`  ${counted(gaps, 'gap')}`, 'bad')] : []),
  ];
}
