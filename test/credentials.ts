import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the tests use as credentials, noted for whoever runs them: `npm test` looks for each of them in all that was said
 * and written. A test that is run by itself notes nothing.
 */
const FOLDER = 'FARO_TEST_CREDENTIALS';

/** Notes a token, a password or a key (PEM, or its base64), and gives it back. */
export function credential(value: string): string {
  note('credentials', value);
  return value;
}

/** Notes what a command has said, which its test keeps to itself. */
export function said(...output: readonly string[]): void {
  for (const text of output) if (text !== '') note('said', text);
}

function note(kind: 'credentials' | 'said', text: string): void {
  const folder = process.env[FOLDER];
  if (folder !== undefined && folder !== '')
    appendFileSync(join(folder, `${kind}-${process.pid}`), `${JSON.stringify(text)}\n`, { mode: 0o600 });
}

/** All that was noted in a folder. */
export function noted(folder: string): { readonly credentials: readonly string[]; readonly said: readonly string[] } {
  const of = (kind: string) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${kind}-`))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line !== '')
      .map((line) => String(JSON.parse(line)));
  return { credentials: [...new Set(of('credentials'))], said: of('said') };
}

/** From now on, in this process and those that it starts, what is noted goes to this folder. */
export function noteTo(folder: string): void {
  process.env[FOLDER] = folder;
}
