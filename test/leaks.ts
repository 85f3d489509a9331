import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { JournalReader } from '../src/journal/reader.ts';
import { FaroError } from '../src/model/errors.ts';
import { openBytes } from '../src/story/bytes.ts';
import { isZlibError } from '../src/story/compress.ts';

/** A credential that stands where none may. */
export interface Leak {
  readonly place: string;
  /** How it begins: enough to tell which it is, too little to use it. */
  readonly beginning: string;
}

/** Shorter ones stand in any text. */
const LEAST_LENGTH = 8;
/** Of a key, so much of its middle is looked for: what it begins with is common to all. */
const KEY_PART = 40;

/** Looks for credentials in texts, as they are and in base64. */
export class LeakSearch {
  readonly #needles: readonly { readonly text: string; readonly beginning: string }[];
  readonly leaks: Leak[] = [];
  /** Bytes that were looked through. */
  searched = 0;

  constructor(credentials: readonly string[]) {
    const parts = credentials.flatMap(partsOf).filter((part) => part.length >= LEAST_LENGTH);
    const forms = [...new Set(parts)].flatMap((text) => [
      text,
      Buffer.from(text).toString('base64').replace(/=+$/, ''),
    ]);
    this.#needles = forms.map((text) => ({ text, beginning: `${text.slice(0, 4)}…` }));
  }

  get size(): number {
    return this.#needles.length;
  }

  take(place: string, text: string): void {
    this.searched += text.length;
    for (const { text: needle, beginning } of this.#needles)
      if (text.includes(needle)) this.leaks.push({ place, beginning });
  }

  /** Stories, reports and journals in a folder. What vanishes meanwhile is not looked for. */
  async takeFolder(folder: string): Promise<void> {
    const files = globSync(join(folder, '**/*.{json,gz,zst,html,xml,md,csv,ndjson,faroj}'));
    for (const file of files) {
      if (/\.(html|xml|md|csv|ndjson)$/.test(file)) this.#takeText(file);
      else if (!file.endsWith('.faroj')) await this.#takeStory(file);
    }
    for (const journal of new Set(files.filter((file) => file.endsWith('.faroj')).map(dirname)))
      await this.#takeJournal(journal);
  }

  #takeText(file: string): void {
    try {
      this.take(file, readFileSync(file, 'latin1'));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }

  /** A kubeconfig, too, is JSON, and holds what it has to: only stories are looked through. */
  async #takeStory(file: string): Promise<void> {
    try {
      await using bytes = await openBytes(file, { ignoreIndex: true });
      let before = '';
      for await (const piece of bytes.from(0)) {
        const text = piece.toString('latin1');
        if (before === '' && !text.startsWith('{\n"apiVersion": "faro/v1"') && !text.includes('"kind":"Story"')) return;
        this.take(file, before + text);
        before = text.slice(-1024) || ' ';
      }
    } catch (error) {
      // A test has damaged it, or it is no story.
      if (!(error instanceof FaroError || isZlibError(error))) throw error;
    }
  }

  async #takeJournal(dir: string): Promise<void> {
    try {
      await using journal = await JournalReader.open(dir);
      for await (const { record, position } of journal.records()) {
        const lines = record.kind === 'log' ? (await journal.readLog(position)).bytes.toString('latin1') : '';
        this.take(join(dir, String(position.segment)), JSON.stringify(record) + lines);
      }
    } catch (error) {
      if (!(error instanceof FaroError)) throw error;
    }
  }
}

function partsOf(credential: string): readonly string[] {
  if (credential.startsWith('-----BEGIN'))
    return credential.split('\n').filter((line) => line.length >= KEY_PART && !line.startsWith('-----'));
  if (credential.length <= 1024 || !/^[A-Za-z0-9+/=\s]+$/.test(credential)) return [credential];
  const middle = Math.floor(credential.length / 2);
  return [credential.slice(middle, middle + KEY_PART)];
}
