import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../src/cli/context.ts';
import { JournalWriter } from '../src/journal/writer.ts';
import { timestampOf } from '../src/model/time.ts';
import { writeStory } from '../src/story/file.ts';
import { noted } from './credentials.ts';
import { temporaryFolder } from './folder.ts';
import { LeakSearch } from './leaks.ts';
import { simulatedJournal } from './story/simulated-story.ts';

const SECRET = randomBytes(16).toString('hex');

test('a credential is found in what was said, in stories of every form, in journals and in reports; not in a kubeconfig', async () => {
  const folder = temporaryFolder('leaks');
  // The simulated rollout's password is in its objects; without a redactor it would be in the story.
  const journal = await simulatedJournal();
  const search = new LeakSearch([SECRET, 'shop/web:1.0.0']);
  for (const name of ['story.json', 'story.json.gz', 'story.json.zst']) {
    mkdirSync(join(folder, name));
    await writeStory({ journal, output: join(folder, name, name), force: false });
  }
  writeFileSync(join(folder, 'kubeconfig.json'), JSON.stringify({ kind: 'Config', users: [{ token: SECRET }] }));
  writeFileSync(join(folder, 'report.html'), `<p>${Buffer.from(SECRET).toString('base64')}</p>`);
  {
    await using writer = await JournalWriter.create(join(folder, 'a.journal'), { clock: systemClock });
    writer.append({ kind: 'note', observed: timestampOf(0), text: `Bearer ${SECRET} ${'x'.repeat(1000)}` });
  }
  const whole = gzipSync('{\n"apiVersion": "faro/v1"'.padEnd(100_000, '1'));
  writeFileSync(join(folder, 'cut.json.gz'), whole.subarray(0, -9));
  await search.takeFolder(folder);
  search.take('standard output', `the token ${SECRET} was refused`);
  const places = new Set(search.leaks.map(({ place }) => place.slice(place.startsWith('/') ? folder.length + 1 : 0)));
  assert.deepEqual(
    places,
    new Set([
      'report.html',
      'story.json/story.json',
      'story.json.gz/story.json.gz',
      'story.json.zst/story.json.zst',
      'a.journal/1',
      'standard output',
    ]),
  );
  assert.ok(search.leaks.every(({ beginning }) => beginning.length <= 5));
});

test('of a key its own part is looked for, and what is noted by many processes comes together', () => {
  const body = randomBytes(48).toString('base64');
  const search = new LeakSearch([`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`, 'short']);
  search.take('a', '-----BEGIN PRIVATE KEY----- short');
  assert.deepEqual(search.leaks, []);
  search.take('b', body);
  assert.equal(search.leaks.length, 1);
  const folder = temporaryFolder('noted');
  writeFileSync(join(folder, 'credentials-1'), '"a\\nb"\n"c"\n');
  writeFileSync(join(folder, 'credentials-2'), '"c"\n');
  writeFileSync(join(folder, 'said-2'), '"hello"\n');
  assert.deepEqual(noted(folder), { credentials: ['a\nb', 'c'], said: ['hello'] });
});
