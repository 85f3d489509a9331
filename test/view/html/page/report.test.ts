import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { placeReport } from '../../../../src/cli/report.ts';
import { temporaryFolder } from '../../../folder.ts';
import { HOSTILE_LINES, hostileStory } from '../hostile-story.ts';
import { writeLongStory } from '../long-story.ts';
import { failedRollout } from '../rollout-story.ts';
import { chromiumPath, TestBrowser } from './browser.ts';

const folder = temporaryFolder('report');
const isCi = process.env.CI === 'true';
const skip = chromiumPath() === undefined && !isCi ? 'there is no Chromium: apt-get install chromium' : false;
const browser = skip === false ? await TestBrowser.start() : undefined;
after(() => browser?.[Symbol.asyncDispose]());

/** Draws the report of a story and opens it. */
async function opened(name: string, story: object): Promise<Page> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(story));
  await placeReport(file, join(folder, `${name}.html`));
  return await openFile(join(folder, `${name}.html`));
}

async function openFile(file: string): Promise<Page> {
  if (browser === undefined) throw new Error('there is no browser');
  browser.faults.length = 0;
  return await browser.open(file);
}

const rows = (page: Page) => page.locator('.row .text').allTextContents();
const count = (page: Page) => page.locator('.filter output.quiet').textContent();

test('the report shows verdict, lanes, entries and the ledger, and loads nothing', { skip }, async () => {
  const story = failedRollout();
  assert.ok(story.verdict !== undefined);
  story.verdict.unrelated = [{ rule: 'node-lost', summary: 'node n7 was lost', evidence: [] }];
  const page = await opened('rollout', story);
  assert.match((await page.locator('h1').textContent()) ?? '', /Deployment shop\/web/);
  assert.match(
    (await page.locator('.verdict').textContent()) ?? '',
    /failed.*crash-loop.*container app exits with code 3.*What failed as well \(1\).*node n7 was lost/,
  );
  const tree = await page.getByRole('tree').ariaSnapshot();
  assert.match(tree, /Deployment web.*ReplicaSet web-2.*Pod web-2-a.*regular app.*last crash: exit 3, Error/s);
  assert.ok((await rows(page)).includes('fatal: cannot reach db'));
  await page.getByRole('button', { name: /evidence/ }).click();
  await page.locator('.detail').waitFor();
  assert.match((await page.locator('.detail').textContent()) ?? '', /fatal: cannot reach db/);
  await page.getByRole('tab', { name: /Ledger/ }).click();
  assert.match((await page.locator('.ledger').textContent()) ?? '', /Not complete.*rotation.*read to its end/s);
  assert.deepEqual(browser?.faults, []);
  await page.close();
});

test('the verdict of many targets has its room beside their names, and tells of the change before', {
  skip,
}, async () => {
  const story = failedRollout();
  const [root] = story.metadata.roots;
  assert.ok(root !== undefined && story.verdict?.firstCause !== undefined);
  story.metadata.roots = Array.from({ length: 12 }, (_, number) => ({
    ...root,
    name: `a-deployment-with-a-name-that-is-long-${number}`,
  }));
  story.verdict.firstCause.after = 'deployment web was changed by helm 1 s before';
  const page = await opened('targets', story);
  for (const width of [1280, 700]) {
    await page.setViewportSize({ width, height: 800 });
    const { width: room = 0, height = 0 } = (await page.locator('.verdict').boundingBox()) ?? {};
    assert.ok(room > width / 3, `${room} of ${width} pixels`);
    assert.ok(height < 300, `${height} pixels high`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels beyond the window`);
  }
  assert.match((await page.locator('h1').textContent()) ?? '', /long-7and 4 more$/);
  assert.match((await page.locator('.cause').textContent()) ?? '', /; deployment web was changed by helm 1 s before/);
  assert.deepEqual(browser?.faults, []);
  await page.close();
});

test('choosing a lane, a kind of entries or a text leaves only those in the list', { skip }, async () => {
  const page = await opened('filter', failedRollout());
  const all = await count(page);
  await page.getByRole('treeitem', { name: /^regular app/ }).click();
  assert.notEqual(await count(page), all);
  assert.ok(!(await rows(page)).some((text) => text.startsWith('rollout begun')));
  await page.getByLabel('Lifecycle').uncheck();
  assert.deepEqual(await rows(page), [
    'starting',
    'fatal: cannot reach db',
    'missing until 16:07:01.390, rotation: offset 10 is in no file',
  ]);
  await page.getByLabel('Search all entries').fill('FATAL');
  await page.locator('.found', { hasText: '1 found' }).waitFor();
  assert.deepEqual(await rows(page), ['fatal: cannot reach db']);
  assert.equal(await page.locator('mark').textContent(), 'fatal');
  await page.getByLabel('only matches').uncheck();
  assert.equal((await rows(page)).length, 3);
  assert.deepEqual(browser?.faults, []);
  await page.close();
});

test('the lanes zoom at the pointer, move by dragging, and fit again', { skip }, async () => {
  const page = await opened('zoom', failedRollout());
  const lanes = page.locator('.lanes');
  const picture = () => lanes.locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  /** Waits until the lanes look like a picture, or no longer do; it is drawn when the page finds the time. */
  const becomes = (same: boolean, than: string) =>
    page.waitForFunction(
      ([same, than]) => (document.querySelector<HTMLCanvasElement>('.lanes canvas')?.toDataURL() === than) === same,
      [same, than] as const,
    );
  const whole = await picture();
  const box = (await lanes.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width / 2, box.y + 10);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await becomes(false, whole);
  const zoomed = await picture();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 120, box.y + 10, { steps: 4 });
  await page.mouse.up();
  await becomes(false, zoomed);
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.mouse.move(0, 0);
  await becomes(true, whole);
  await page.close();
});

test('two states of an object are compared as YAML', { skip }, async () => {
  const page = await opened('compare', failedRollout());
  await page.getByRole('tab', { name: 'Compare states' }).click();
  const lines = async (sign: string) =>
    (await page.locator(`.difference .${sign}`).allTextContents()).map((line) => line.replace(/^.*?[-+] /, ''));
  assert.deepEqual(
    (await lines('removed')).map((line) => line.trim()),
    ['image: shop/web:1'],
  );
  assert.deepEqual(
    (await lines('added')).map((line) => line.trim()),
    ['image: shop/web:2'],
  );
  await page.getByLabel(/^to/).selectOption('0');
  assert.match((await page.locator('.compare').textContent()) ?? '', /There is no difference/);
  await page.close();
});

test('the whole page is used from the keyboard, and says the same in words', { skip }, async () => {
  const page = await opened('keyboard', failedRollout());
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
  await page.keyboard.type('fatal');
  await page.keyboard.press('Enter');
  await page.locator('.found', { hasText: '1 found' }).waitFor();
  await page.keyboard.press('n');
  await page.locator('.detail', { hasText: 'fatal: cannot reach db' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.detail').waitFor({ state: 'detached' });
  await page.getByRole('tree').focus();
  for (const key of ['End', 'Enter']) await page.keyboard.press(key);
  assert.equal(await page.getByRole('treeitem', { selected: true }).getAttribute('aria-level'), '4');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.getByRole('treeitem').count(), 1);
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getByRole('treeitem').count(), 4);
  const active = await page.getByRole('tree').getAttribute('aria-activedescendant');
  assert.equal(await page.locator(`#${active}`).getAttribute('aria-expanded'), 'true');
  await page.getByRole('tab', { selected: true }).focus();
  await page.keyboard.press('ArrowLeft');
  assert.match((await page.getByRole('table').textContent()) ?? '', /exit 3, Error/);
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(browser?.faults, []);
  await page.close();
});

test('a hostile story runs nothing, loads nothing, and cannot hide or reorder text', { skip }, async () => {
  const page = await opened('hostile', hostileStory());
  assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'pwned')), undefined);
  assert.equal(await page.locator('img, iframe, object, svg, a, form[action]').count(), 0);
  assert.equal(await page.locator('script').count(), 1, 'only the script of the page itself');
  for (const kind of ['Events', 'Lifecycle']) await page.getByLabel(kind, { exact: true }).uncheck();
  const shown = await rows(page);
  for (const [line, seen] of HOSTILE_LINES) assert.ok(shown.includes(seen), `${JSON.stringify(line)} shows as ${seen}`);
  assert.ok(
    shown.some((text) => text.includes('\ufffd')),
    'bytes that are no text',
  );
  const bodies: string[] = [];
  for (const tab of ['Compare states', 'Ledger', 'Lanes as text']) {
    await page.getByRole('tab', { name: tab }).click();
    bodies.push((await page.locator('#app').textContent()) ?? '');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  for (const body of bodies) assert.doesNotMatch(body, /[\u0000-\u0008\u202a-\u202e\u2066-\u2069\u200b]/);
  assert.match(await page.title(), /<script>/);
  assert.deepEqual(browser?.faults, []);
  await page.close();
});

test('the policy lets run the script of the page by its hash, and nothing else', { skip }, async () => {
  const page = await opened('policy', failedRollout());
  const html = readFileSync(join(folder, 'policy.html'), 'utf8');
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
  const script = html.slice(html.lastIndexOf('<script type="module">') + 22, html.lastIndexOf('</script>'));
  assert.ok(policy.includes(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`));
  assert.match(policy, /^default-src 'none';.*trusted-types 'none'$/);
  await page.evaluate(() => {
    const element = document.createElement('script');
    try {
      element.textContent = 'globalThis.pwned = true';
    } catch {
      element.append('globalThis.pwned = true');
    }
    document.body.append(element);
  });
  assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'pwned')), undefined);
  const answer = await page.evaluate(() =>
    fetch('http://127.0.0.1:9/').then(
      () => 'sent',
      () => 'refused',
    ),
  );
  assert.equal(answer, 'refused');
  assert.ok(browser?.faults.some((fault) => /Content Security Policy/.test(fault)));
  await page.close();
});

/** `npm run acceptance` takes more. */
const LINES = Number(process.env.FARO_REPORT_LINES ?? 300_000);

test(`${LINES.toLocaleString('en')} lines open at once, scroll and zoom smoothly, in less than an eighth of the JSON`, {
  skip,
}, async () => {
  const [story, report] = [join(folder, 'long.json'), join(folder, 'long.html')];
  await writeLongStory(story, LINES, 1);
  await placeReport(story, report);
  const [json, html] = [statSync(story).size, statSync(report).size];
  assert.ok(html < json / 8, `${html} of ${json} bytes`);
  const page = await openFile(report);
  const open = await page.evaluate(() => performance.getEntriesByName('faro-open')[0]?.startTime ?? 0);
  const listed = Number(((await count(page)) ?? '').replace(/\D/g, ''));
  assert.ok(listed >= LINES && listed < LINES + 100, `${listed} entries`);
  const scrolled = await frames(page, 'scroll');
  const zoomed = await frames(page, 'zoom');
  await page.keyboard.press('0');
  await page.locator('.list').evaluate((list) => {
    list.scrollTop = list.scrollHeight;
  });
  await page.waitForFunction(() => {
    const last = [...document.querySelectorAll('.row')].at(-1);
    return last !== undefined && last.getAttribute('aria-posinset') === last.getAttribute('aria-setsize');
  });
  await page.getByLabel('Search all entries').fill('upstream timed out');
  await page.locator('.found', { hasText: /\d found/ }).waitFor();
  const found = Number(((await page.locator('.found').textContent()) ?? '').replace(/\D/g, ''));
  assert.ok(Math.abs(found - LINES / 50) < LINES / 300, `${found} of about ${LINES / 50}`);
  process.stdout.write(
    `| ${LINES.toLocaleString('en')} lines | ${(json / 1e6).toFixed(1)} MB of JSON, ${(html / 1e6).toFixed(1)} MB of HTML (1/${(json / html).toFixed(1)}) | open in ${Math.round(open)} ms | ${scrolled.text} | ${zoomed.text} |\n`,
  );
  assert.ok(open < 30_000, `open after ${open} ms`);
  assert.ok(scrolled.work < 40 && zoomed.work < 40, `${scrolled.text}, ${zoomed.text}`);
  await page.close();
});

/** Scrolls the list or zooms the lanes for 90 frames: intervals between frames, and the processor time of the page in each. */
async function frames(page: Page, what: 'scroll' | 'zoom'): Promise<{ text: string; work: number }> {
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await busy();
  const intervals = await page.evaluate(async (what) => {
    const times: number[] = [];
    const [list, lanes] = [document.querySelector('.list'), document.querySelector('.lanes')];
    const { left, top, width } = lanes?.getBoundingClientRect() ?? { left: 0, top: 0, width: 0 };
    for (let frame = 0; frame < 90; frame += 1) {
      times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)));
      if (what === 'scroll') list?.scrollBy(0, 470);
      else
        lanes?.dispatchEvent(
          new WheelEvent('wheel', {
            deltaY: frame < 60 ? -60 : 60,
            ctrlKey: true,
            clientX: left + width / 2,
            clientY: top + 30,
            cancelable: true,
          }),
        );
    }
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  }, what);
  const work = (((await busy()) - before) * 1000) / 90;
  const sorted = intervals.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  return { work, text: `${what}: frames ${at(0.5)} ms (p95 ${at(0.95)} ms), ${work.toFixed(1)} ms of CPU each` };
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`an accessibility audit finds nothing to object to on any tab, ${colorScheme}`, { skip }, async () => {
    const page = await opened(`audit-${colorScheme}`, failedRollout());
    await page.emulateMedia({ colorScheme });
    await page.locator('.row', { hasText: 'fatal' }).click();
    for (const tab of ['Entries', 'Compare states', 'Ledger', 'Lanes as text']) {
      await page.getByRole('tab', { name: tab }).click();
      assert.deepEqual(await violations(page), [], tab);
    }
    await page.close();
  });

/** What axe objects to, each with the elements that it means. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  });
  return found;
}

test('on paper the lanes as text and the ledger follow', { skip }, async () => {
  const page = await opened('print', failedRollout());
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const paper = page.locator('.print-only');
  assert.match((await paper.textContent()) ?? '', /All lanes.*exit 3, Error.*Not complete.*rotation/s);
  assert.equal(await paper.isVisible(), true);
  assert.equal(await page.locator('.list').isVisible(), false);
  const pdf = await page.pdf();
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await paper.textContent(), '');
  await page.close();
});
