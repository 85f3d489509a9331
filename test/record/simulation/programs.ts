import type { Program, ProgramRun } from '../../../src/demo/workload.ts';

/** Set when the world shall come to rest: who waits for that writes no more. */
export interface Rest {
  isQuiet: boolean;
}

/** Longer than any schedule goes on. */
const REST_MS = 86_400_000;

/** What the containers of a schedule do, by image. Every line says which one it is. */
export function programsOf(rest: Rest): Readonly<Record<string, Program>> {
  const numbered = (run: ProgramRun) => {
    let count = 0;
    return (more = '') => {
      if (!rest.isQuiet)
        run.log.write(`line ${count++} of run ${run.restart} ${more}`, run.random() < 0.8 ? 'stdout' : 'stderr');
    };
  };
  return {
    /** A line now and then. */
    'sim/calm:1': async (run) => {
      const write = numbered(run);
      for (;;) {
        await run.sleep(500 + run.random() * 4000);
        write();
      }
    },
    /** Many lines at once, some of them long, some equal. */
    'sim/bursts:1': async (run) => {
      const write = numbered(run);
      for (;;) {
        await run.sleep(1000 + run.random() * 6000);
        const lines = Math.ceil(run.random() * 25);
        for (let line = 0; line < lines; line += 1) write('x'.repeat(run.random() < 0.03 ? 20_000 : 60));
      }
    },
    /** Writes and fails, again and again. */
    'sim/crash:1': async (run) => {
      if (rest.isQuiet) await run.sleep(REST_MS);
      const write = numbered(run);
      const lines = Math.ceil(run.random() * 8);
      for (let line = 0; line < lines; line += 1) {
        await run.sleep(run.random() * 400);
        write();
      }
      write('fatal');
      return 1;
    },
    'sim/init:1': async (run) => {
      const write = numbered(run);
      write('begins');
      await run.sleep(100);
      write('done');
      return 0;
    },
  };
}
