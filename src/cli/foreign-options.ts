/** Options that users of kubectl and stern reach for, and what serves in their place. */
const FOREIGN: Readonly<Record<string, string>> = {
  '-l': 'name what owns the pods, e.g. deployment/web: all that it owns is recorded; several targets are one story',
  '-A': 'a story is of objects that are named, in one namespace: -n NAMESPACE',
  '-c': 'every container is recorded; "faro view --object" and --grep choose among them',
  '-w': 'faro records until Ctrl-C, or until --for or --until',
  '-p': 'runs that have ended are recorded, too, as far as the node still has their logs',
};

/** Long names of the same. */
const SHORT: Readonly<Record<string, string>> = {
  '--selector': '-l',
  '--all-namespaces': '-A',
  '--container': '-c',
  '--follow': '-w',
  '--watch': '-w',
  '--previous': '-p',
};

/** An error of the command line; where it is about another tool's option, with what serves in its place. */
export function withForeignHint(error: string): string {
  const [, option = ''] = /^error: unknown option '(--?[A-Za-z-]+)/.exec(error) ?? [];
  const hint = FOREIGN[SHORT[option] ?? option];
  return hint === undefined ? error : `${error.trimEnd()}\n  ${hint}\n`;
}
