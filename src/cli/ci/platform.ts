import { printable } from '../../model/printable.ts';

/** A pipeline's own marks in its output. */
export interface Platform {
  /** Begins a part of the output that can be folded. */
  begin(title: string): string;
  end(): string;
  /** A failure that the pipeline shows beside the run; empty where it has no such thing. */
  failure(title: string, message: string): string;
}

/** The platform whose runner this is, by the variables that it sets; undefined elsewhere. */
export function platformOf(env: NodeJS.ProcessEnv, now: () => number): Platform | undefined {
  if (env.GITHUB_ACTIONS === 'true') return github;
  if (env.GITLAB_CI === 'true') return gitlab(now);
  return undefined;
}

/** Workflow commands: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands */
const github: Platform = {
  begin: (title) => `::group::${data(title)}\n`,
  end: () => '::endgroup::\n',
  failure: (title, message) => `::error title=${property(title)}::${data(message)}\n`,
};

/** As the runner decodes it, so that no line break and no second command can come out of a message. */
function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Collapsible sections; GitLab has no annotations in its output, JUnit reports take their place. */
function gitlab(now: () => number): Platform {
  const mark = (kind: 'start' | 'end') => `\u001b[0Ksection_${kind}:${Math.floor(now() / 1000)}:faro\r\u001b[0K`;
  return {
    begin: (title) => `${mark('start')}${printable(title)}\n`,
    end: () => `${mark('end')}\n`,
    failure: () => '',
  };
}

/** GitHub's runner obeys the old form of a command, `##[error]`, anywhere in a line; the new one only at its beginning. */
export function withoutCommands(text: string): string {
  return text.replaceAll('##[', '# #[');
}

/** A line of faro's own as it may stand in any output; something that is faro's stands first in it. */
export function safeLine(text: string): string {
  return withoutCommands(printable(text));
}
