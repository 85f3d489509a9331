import { isHarmless } from './names.ts';
import type { Span } from './shapes.ts';

/** Clients of MySQL and MariaDB, which take a password as `-pPASSWORD`, in one word. */
const CLIENT = '(?:mysql|mariadb)(?:-?(?:admin|binlog|check|dump|import|show))?';
const IS_CLIENT = new RegExp(`(?:^|/)${CLIENT}$`);
/** One of them in a command, further words of that command, and the password; each client is followed a bounded way. */
const COMMAND = new RegExp(
  `(?<![\\w.-])${CLIENT}(?:\\s{1,16}(?!-p)(?:'[^'\\n]{0,256}'|"[^"\\n]{0,256}"|[^\\s'"\`;&|]){1,256}){0,32}?` +
    `\\s{1,16}-p(?:'([^'\\n]+)'|"([^"\\n]+)"|([^\\s'"\`;&|)\\]]+))`,
  'g',
);

/** Whether an argument is such a client, by whatever path. */
export function takesJoinedPassword(argument: unknown): boolean {
  return typeof argument === 'string' && IS_CLIENT.test(argument);
}

/** The password that an argument of such a client is joined with. */
export function joinedPassword(argument: string): string | undefined {
  const password = argument.startsWith('-p') ? argument.slice(2) : '';
  return isGiven(password) ? password : undefined;
}

/** Where such passwords stand in a text, which may be a script: those that are told, and not taken from a variable. */
export function joinedPasswordsIn(text: string): readonly Span[] {
  if (!text.includes('-p') || !/mysql|mariadb/.test(text)) return [];
  return [...text.matchAll(COMMAND)].flatMap(({ 0: command, 1: single, 2: double, 3: bare, index }) => {
    const password = single ?? double ?? bare ?? '';
    const end = index + command.length - (bare === undefined ? 1 : 0);
    return isGiven(password) ? { start: end - password.length, end } : [];
  });
}

function isGiven(password: string): boolean {
  return !isHarmless('', password) && !/^\$\w+$/.test(password);
}
