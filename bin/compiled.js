import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import { cachedDataVersionTag, setFlagsFromString } from 'node:v8';
import { constants, Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** Long enough for a recording to have begun: what is compiled by then is what each start waits for. */
const KEPT_AFTER_MS = 5000;

/**
 * Runs a file of CommonJS with the code that V8 made of it when the same command ran first. Node's own cache holds what is
 * compiled while a file is loaded, and no function that is called later, which is most of a start. The code lies in the
 * folder of that cache, where there is one (`code-folder.js`, `NODE_COMPILE_CACHE`): one for each Node.js, its flags and its
 * user.
 *
 * @param {string} file
 * @param {readonly string[]} args its arguments: each command calls other functions, and its help few of them
 */
export function runCompiled(file, args) {
  const folder = getCompileCacheDir();
  const source = readFileSync(file);
  const [command = ''] = args.some((arg) => arg === '--help' || arg === '-h') ? ['help'] : args;
  const name = `faro-${/^[a-z]+$/.exec(command)?.[0] ?? ''}-${crc32(source).toString(16)}`;
  const place = folder === undefined ? undefined : join(folder, name);
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    cachedData: place === undefined ? undefined : readKept(place),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (place !== undefined && script.cachedDataRejected !== false) keepLater(script, place);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
}

/** V8 trusts what it is given; a file that a crash cut off is known by its checksum, which stands at its end. */
function readKept(place) {
  try {
    const kept = readFileSync(place);
    const code = kept.subarray(0, -4);
    return crc32(code) === kept.readUInt32LE(code.length) ? code : undefined;
  } catch {
    return undefined; // none is there, or too little
  }
}

/** At the process' end, which one that is killed does not come to: of one that runs for long, before. */
function keepLater(script, place) {
  const flags = cachedDataVersionTag();
  // V8 would forget the code of what has not run for a while, such as all of the start.
  setFlagsFromString('--no-flush-bytecode');
  const keep = () => {
    setFlagsFromString('--flush-bytecode');
    // It takes no code that was made with other flags than it has when it reads it: a recording has some until its end.
    if (cachedDataVersionTag() !== flags) return;
    clearTimeout(timer);
    process.off('exit', keep);
    if (process.exitCode) return; // what failed may not have come far
    const code = script.createCachedData();
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32(code));
    try {
      writeFileSync(`${place}.${process.pid}`, Buffer.concat([code, checksum]));
      renameSync(`${place}.${process.pid}`, place);
    } catch {
      // The next one starts as slowly.
    }
  };
  const timer = setTimeout(keep, KEPT_AFTER_MS).unref();
  process.on('exit', keep);
}
