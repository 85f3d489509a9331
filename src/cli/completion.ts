import type { Command, Option } from 'commander';
import { FaroError } from '../model/errors.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A completion script for the commands, options and their values as they are, so that none is forgotten. */
export function completionScript(shell: string, program: Command): string {
  switch (shell) {
    case 'bash':
      return bash(program);
    case 'zsh':
      return `#compdef faro kubectl-faro\nautoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;
    case 'fish':
      return fish(program);
    default:
      throw new FaroError('usage', `there is no completion for "${shell}"`, {
        hint: `there is one for ${SHELLS.join(', ')}`,
      });
  }
}

/** What only a kubeconfig or a cluster knows; kubectl, where it is there, asks them. */
const ASKED: Readonly<Record<string, string>> = {
  '--context': 'kubectl config get-contexts -o name',
  '--cluster': 'kubectl config get-clusters | tail -n +2',
  '--user': 'kubectl config get-users | tail -n +2',
  '--namespace': 'kubectl get namespaces -o name | cut -d/ -f2',
};
/** Commands whose arguments are `TYPE/NAME`. */
const OF_TARGETS = new Set(['capture', 'check']);
const TYPES = 'kubectl api-resources --cached --verbs=list -o name';

/** The values that an option takes, as words of a shell: the words themselves, or a command that prints them. */
function valuesOf({ long, argChoices }: Option): { readonly words: string } | { readonly command: string } | undefined {
  const asked = ASKED[long ?? ''];
  if (argChoices !== undefined) return { words: argChoices.join(' ') };
  return asked === undefined ? undefined : { command: `${asked} 2>/dev/null` };
}

function bash(program: Command): string {
  const { commands } = program;
  const names = commands.map((command) => command.name()).join(' ');
  const options = commands.map(
    (command) => `    ${command.name()}) words="${command.options.flatMap(({ long }) => long ?? []).join(' ')}" ;;`,
  );
  const values = commands.flatMap((command) =>
    command.options.flatMap((option) => {
      const found = valuesOf(option);
      if (found === undefined) return [];
      const flags = [option.short, option.long].flatMap((flag) =>
        flag === undefined ? [] : `${command.name()}:${flag}`,
      );
      return `    ${flags.join('|')}) values="${'words' in found ? found.words : `$(${found.command})`}" ;;`;
    }),
  );
  return `_faro() {
  local command="\${COMP_WORDS[1]}" words values current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$current"))
    return
  fi
  case "$command" in
${options.join('\n')}
  esac
  case "$command:$before" in
${values.join('\n')}
    completion:completion) values="${SHELLS.join(' ')}" ;;
  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
    return
  fi
  case "$command:$current" in
    *:-*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    ${[...OF_TARGETS].map((name) => `${name}:*/*`).join('|')})
      COMPREPLY=($(compgen -P "\${current%%/*}/" -W "$(kubectl get "\${current%%/*}" -o name 2>/dev/null | cut -d/ -f2)" -- "\${current#*/}")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
  case "$command:$before" in
    ${[...OF_TARGETS].map((name) => `${name}:${name}`).join('|')})
      case "$current" in
        -*|*/*) ;;
        *) COMPREPLY=($(compgen -S / -W "$(${TYPES} 2>/dev/null)" -- "$current")); compopt -o nospace 2>/dev/null ;;
      esac ;;
  esac
}
complete -F _faro faro kubectl-faro
`;
}

function fish(program: Command): string {
  const lines = program.commands.flatMap((command) => {
    const within = `complete -c faro -n "__fish_seen_subcommand_from ${command.name()}"`;
    return [
      `complete -c faro -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
      ...command.options.map((option) => {
        const long = option.long?.slice(2) ?? '';
        const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
        const values = valuesOf(option);
        const given =
          values === undefined ? '' : ` -x -a ${quoted('words' in values ? values.words : `(${values.command})`)}`;
        return `${within} -l ${long}${short}${given} -d ${quoted(option.description)}`;
      }),
      ...(OF_TARGETS.has(command.name()) ? [`${within} -a ${quoted(`(${TYPES} 2>/dev/null | sed 's#$#/#')`)}`] : []),
      ...(command.name() === 'completion' ? [`${within} -f -a ${quoted(SHELLS.join(' '))}`] : []),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
