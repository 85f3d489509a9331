import { rmSync } from 'node:fs';

/** Takes away at the scope's end what still stands there, a file or a folder; also where the process is told to end before. */
export function temporary(path: string): Disposable {
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    [Symbol.dispose]() {
      process.off('exit', remove);
      remove();
    },
  };
}
