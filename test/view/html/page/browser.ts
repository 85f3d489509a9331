import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { temporaryFolder } from '../../../folder.ts';

const PLACES = [
  process.env.FARO_TEST_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser of this machine; undefined where there is none. */
export function chromiumPath(): string | undefined {
  return PLACES.find((path) => path !== undefined && existsSync(path));
}

/** A headless Chromium with a profile of its own. What a page asks of the network, or its policy refuses, is noted. */
export class TestBrowser implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #profile: string;
  /** What went wrong in a page: errors, refusals by its policy, requests beyond its own file, dialogs. */
  readonly faults: string[] = [];

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
  }

  static async start(): Promise<TestBrowser> {
    const executablePath = chromiumPath();
    if (executablePath === undefined) throw new Error('there is no Chromium; FARO_TEST_CHROMIUM can name one');
    const profile = temporaryFolder('chromium');
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: FLAGS,
      headless: true,
      viewport: { width: 1280, height: 800 },
    });
    return new TestBrowser(context, profile);
  }

  /** Opens a report from the disk; resolves when it has drawn itself. */
  async open(file: string): Promise<Page> {
    const page = await this.#context.newPage();
    const own = pathToFileURL(file).href;
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (request.url() !== own) this.faults.push(`request: ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(own);
    await page.waitForFunction(() => performance.getEntriesByName('faro-open').length > 0, undefined, {
      timeout: 30_000,
    });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}
