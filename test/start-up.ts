import { run } from './cluster/build.ts';

/**
 * Milliseconds of CPU, user and system, that a command takes to say its help; the least of some tries. On a machine that
 * does nothing else that is how long it takes.
 */
export async function helpCpuMs(
  command: string,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const times: number[] = [];
  for (let tries = 0; tries < 5; tries += 1) {
    const said = await run('bash', ['-c', 'TIMEFORMAT="%U %S"; { time "$0" --help; } 2>&1', command], options);
    const [, user = '', system = ''] = /^(\d+\.\d+) (\d+\.\d+)$/m.exec(said) ?? [];
    if (!said.startsWith('Usage: faro') || user === '') throw new Error(`no help, or no time: ${said}`);
    times.push((Number(user) + Number(system)) * 1000);
  }
  return Math.min(...times);
}
