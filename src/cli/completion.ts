import type { Command } from 'commander';
import { FaroError } from '../model/errors.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A completion script for the commands and options as they are, so that none is forgotten. */
export function completionScript(shell: string, program: Command): string {
  const words = wordsOf(program);
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return `#compdef faro kubectl-faro\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case 'fish':
      return fish(program);
    default:
      throw new FaroError('usage', `there is no completion for "${shell}"`, {
        hint: `there is one for ${SHELLS.join(', ')}`,
      });
  }
}

function wordsOf(program: Command): ReadonlyMap<string, readonly string[]> {
  const ofCommand = program.commands.map((command) => [command.name(), optionsOf(command)] as const);
  return new Map([['', program.commands.map((command) => command.name())], ...ofCommand]);
}

function optionsOf(command: Command): readonly string[] {
  return command.options.flatMap((option) => option.long ?? []);
}

function bash(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words]
    .filter(([name]) => name !== '')
    .map(([name, options]) => `    ${name}) words="${options.join(' ')}" ;;`);
  return `_faro() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${(words.get('') ?? []).join(' ')}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${(words.get('') ?? []).join(' ')}"
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi ;;
  esac
}
complete -F _faro faro kubectl-faro
`;
}

function fish(program: Command): string {
  const lines = program.commands.flatMap((command) => [
    `complete -c faro -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
    ...command.options.map((option) => {
      const long = option.long?.slice(2) ?? '';
      const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
      return `complete -c faro -n "__fish_seen_subcommand_from ${command.name()}" -l ${long}${short} -d ${quoted(option.description)}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
