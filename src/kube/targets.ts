import { FaroError } from '../model/errors.ts';

/** An object as the user names it. */
export interface Target {
  readonly type: string;
  readonly name: string;
}

/**
 * Reads kubectl's ways to name objects: `deployment/web svc/api`, or `deployment web api`. What is named twice counts
 * once. Throws FaroError `usage`.
 */
export function parseTargets(args: readonly string[]): readonly Target[] {
  const [first = '', ...rest] = args;
  if (args.length === 0) throw usage('no object is named');
  const isSplit = !first.includes('/');
  const targets = isSplit ? splitTargets(first, rest) : args.map(slashTarget);
  const unique = new Map(targets.map((target) => [`${target.type}/${target.name}`, target]));
  return [...unique.values()];
}

/** `deployment web api`: one type, then names. */
function splitTargets(type: string, names: readonly string[]): readonly Target[] {
  requireOneType(type, type);
  if (names.length === 0) throw usage(`"${type}" names no object`, 'name it as TYPE/NAME');
  const slashed = names.find((name) => name.includes('/'));
  if (slashed !== undefined) throw mixed(type, slashed);
  return names.map((name) => {
    if (name === '') throw usage(`an empty name after "${type}"`);
    return { type, name };
  });
}

function slashTarget(arg: string, _index: number, args: readonly string[]): Target {
  const [type = '', name = '', ...more] = arg.split('/');
  if (!arg.includes('/')) throw mixed(arg, args.find((other) => other.includes('/')) ?? '');
  if (type === '' || name === '' || more.length > 0) throw usage(`"${arg}" names no object`);
  requireOneType(type, arg);
  return { type, name };
}

function requireOneType(type: string, arg: string): void {
  if (type === '') throw usage('an empty argument names no object');
  if (type.includes(',')) throw usage(`"${arg}" names several types at once`, 'name each object by itself: TYPE/NAME');
}

function mixed(alone: string, slashed: string): FaroError {
  return usage(`"${alone}" and "${slashed}" are two ways to name objects`, 'write every object as TYPE/NAME');
}

function usage(message: string, hint = 'name it as TYPE/NAME'): FaroError {
  return new FaroError('usage', message, { hint: `${hint}, e.g. deployment/web, pod/db-0 or widgets.example.com/w1` });
}
