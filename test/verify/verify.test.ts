import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { FaroError } from '../../src/model/errors.ts';
import { isObject } from '../../src/model/json-equal.ts';
import type { Story, TimelineEntry } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { judgeStory } from '../../src/story/judge.ts';
import { openStory } from '../../src/story/reader.ts';
import { checkingKey, signingKey } from '../../src/story/signature.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { momentOf } from '../../src/view/terminal/story-moment.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { canonical, sampleStory } from '../story/sample.ts';
import { simulatedJournal } from '../story/simulated-story.ts';

const folder = temporaryFolder('verify');
const keys = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const publicKey = checkingKey(keys.publicKey, 'test');
let journal = '';
let story: Story;

function fileOf(content: string | Buffer, name = 'edited.json'): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

before(async () => {
  journal = await simulatedJournal();
  await writeStory({ journal, output: join(folder, 'story.json'), force: true });
  story = JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8')) as Story;
});

for (const name of ['story.json', 'story.json.gz', 'story.json.zst'])
  test(`what faro writes is sound: ${name}, signed or not`, async () => {
    const output = join(folder, `written-${name}`);
    for (const signKey of [undefined, signingKey(keys.privateKey, 'test')]) {
      const { sha256 } = await writeStory({ journal, output, force: true, signKey });
      const proof = await verifyStory(output, signKey === undefined ? undefined : publicKey);
      assert.deepEqual(proof.problems, []);
      assert.equal(proof.sha256, sha256);
      assert.equal(proof.signature, signKey === undefined ? 'none' : 'valid');
      assert.equal(proof.head?.metadata.counts.entries, story.timeline.length);
    }
    if (name.endsWith('.json')) assert.deepEqual(JSON.parse(readFileSync(output, 'utf8')).timeline, story.timeline);
  });

test('the hand-made sample, and a real one that jq would lay out anew, are sound', async () => {
  assert.deepEqual(
    (
      await verifyStory(
        fileOf(
          canonical(
            sampleStory(
              [
                [0, 'a'],
                [1, '\ufffd ü'],
              ],
              true,
            ),
          ),
        ),
      )
    ).problems,
    [],
  );
  assert.deepEqual((await verifyStory(fileOf(JSON.stringify(story, null, 2)))).problems, []);
  assert.deepEqual((await verifyStory(fileOf(zstdCompressSync(JSON.stringify(story))))).problems, []);
});

type Edit = (story: Story, at: (length: number) => number) => void;

/** Edits that leave a valid document behind, and each of which contradicts something. `at` picks a place. */
const EDITS: Readonly<Record<string, Edit>> = {
  'an entry is left out': ({ timeline }, at) => void timeline.splice(at(timeline.length), 1),
  'an entry is left out, and the rest numbered anew': (edited, at) => {
    edited.timeline.splice(at(edited.timeline.length), 1);
    renumber(edited);
  },
  'a line is left out, the rest numbered and counted anew': (edited, at) => {
    pick(edited, 'log', at, (index) => edited.timeline.splice(index, 1));
    renumber(edited);
    edited.metadata.counts.entries -= 1;
    edited.metadata.counts.logLines -= 1;
  },
  'an entry is there twice': (edited, at) => {
    const index = at(edited.timeline.length);
    const copy = edited.timeline[index];
    if (copy !== undefined) edited.timeline.splice(index, 0, copy);
    renumber(edited);
  },
  'a line is longer': (edited, at) =>
    pick(edited, 'log', at, (_, entry) => {
      Object.assign(entry, { line: `${entry.line}x` });
    }),
  'a line moves to another run': (edited, at) =>
    pick(edited, 'log', at, (_, entry) => {
      entry.container = (entry.container + 1) % edited.containers.length;
    }),
  'an Event is turned into a later one': (edited, at) =>
    pick(edited, 'event', at, (_, entry) => {
      entry.time = '2099-01-01T00:00:00.000000000Z';
    }),
  'a state is of another version': (edited, at) =>
    pick(edited, 'object', at, (_, entry) => {
      entry.resourceVersion += '0';
    }),
  'a patch goes where nothing is': (edited, at) =>
    pick(edited, 'object', at, (_, entry) => {
      if (entry.patch === undefined) entry.resourceVersion += '0';
      else entry.patch = [{ op: 'replace', path: '/spec/nowhere/at/all', value: 1 }, ...entry.patch];
    }),
  'a run ends with another exit code': (edited, at) => {
    const runs = edited.containers.filter(({ exitCode }) => exitCode !== undefined);
    const run = runs[at(runs.length)];
    if (run !== undefined) run.exitCode = (run.exitCode ?? 0) + 1;
  },
  'an object is left out': ({ objects }) => void objects.pop(),
  'a run is left out': ({ containers }) => void containers.pop(),
  'a ledger counts more': ({ containers }, at) => {
    const ledger = containers[at(containers.length)]?.ledger ?? assert.fail();
    ledger.lines += 1;
  },
  'counts are others': ({ metadata: { counts } }, at) => {
    const name = (['objects', 'containers', 'entries', 'logLines', 'events', 'gaps'] as const)[at(6)] ?? 'gaps';
    counts[name] += 1;
  },
  'it claims to be complete, or not to be': ({ metadata }) => {
    metadata.complete = !metadata.complete;
  },
  'an owner is not there': ({ objects }, at) => {
    objects[at(objects.length)]?.owners.push(objects.length);
  },
  'a gap is in no timeline': ({ gaps, metadata }) => {
    const [from, to] = [metadata.startTime, metadata.endTime];
    gaps.push({
      of: { resource: 'pods', namespace: 'shop' },
      from,
      to,
      certainty: 'known',
      cause: 'expired',
      evidence: '',
    });
    metadata.counts.gaps += 1;
  },
  'a lifecycle entry tells what no state does': (edited, at) =>
    pick(edited, 'lifecycle', at, (_, entry) => {
      entry.what = entry.what === 'podReady' ? 'podUnready' : 'podReady';
    }),
  'a lifecycle entry tells another reason': (edited, at) =>
    pick(edited, 'lifecycle', at, (_, entry) => {
      Object.assign(entry, { reason: `${String(entry.reason ?? '')}, or not` });
    }),
  'a lifecycle entry is left out, the rest numbered and counted anew': (edited, at) => {
    pick(edited, 'lifecycle', at, (index) => edited.timeline.splice(index, 1));
    renumber(edited);
    edited.metadata.counts.entries -= 1;
  },
  'the verdict is better than what the timeline leads to': (edited) => {
    edited.verdict = { status: 'healthy', consequences: [] };
  },
  'the verdict blames another object': (edited) => {
    const cause = edited.verdict?.firstCause ?? assert.fail();
    cause.object = ((cause.object ?? 0) + 1) % edited.objects.length;
  },
  'the verdict names what is not there': (edited) => {
    edited.verdict = {
      status: 'failed',
      firstCause: { rule: 'r', summary: 's', evidence: [edited.timeline.length] },
      consequences: [],
    };
  },
};

function renumber({ timeline }: Story): void {
  for (const [seq, entry] of timeline.entries()) timeline[seq] = { ...entry, seq };
}

function pick<T extends TimelineEntry['type']>(
  { timeline }: Story,
  type: T,
  at: (length: number) => number,
  edit: (index: number, entry: Extract<TimelineEntry, { type: T }>) => void,
): void {
  const found = timeline.flatMap((entry, index) => (entry.type === type ? [index] : []));
  const index = found[at(found.length)] ?? assert.fail();
  edit(index, timeline[index] as Extract<TimelineEntry, { type: T }>);
}

for (const [name, edit] of Object.entries(EDITS))
  test(`found: ${name}`, async () => {
    await holds(
      fc.asyncProperty(fc.nat(), async (place) => {
        const edited = structuredClone(story);
        edit(edited, (length) => place % length);
        const { problemCount } = await verifyStory(fileOf(canonical(edited)));
        assert.ok(problemCount > 0);
      }),
      { numRuns: 8 },
    );
  });

/** A story that is none any more is a problem, too. */
async function problemsOf(file: string, key?: typeof publicKey): Promise<number> {
  try {
    return (await verifyStory(file, key)).problemCount;
  } catch (error) {
    assert.ok(error instanceof FaroError && error.code === 'no-story', String(error));
    return 1;
  }
}

test('of a signed story any edit of a byte is found, without a signature many', async () => {
  const output = join(folder, 'signed.json');
  await writeStory({ journal, output, force: true, signKey: signingKey(keys.privateKey, 'test') });
  const bytes = readFileSync(output);
  let unsigned = 0;
  const runs = 100;
  await holds(
    fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const edited = Buffer.from(bytes);
      edited[at] = (edited[at] ?? 0) ^ flip;
      const file = fileOf(edited, 'flipped.json');
      assert.ok((await problemsOf(file, publicKey)) > 0, `byte ${at}`);
      if ((await problemsOf(file)) > 0) unsigned += 1;
    }),
    { numRuns: runs },
  );
  process.stderr.write(`${unsigned} of ${runs} flipped bytes contradict the story itself\n`);
});

test('a state that is no object of the API is told by its entry, and whatever else reads it says the same', async () => {
  for (const path of ['/metadata', '/metadata/ownerReferences']) {
    const edited = structuredClone(story);
    pick(
      edited,
      'object',
      () => edited.timeline.filter(({ type }) => type === 'object').findIndex((entry) => 'patch' in entry),
      (_, entry) => void entry.patch?.push({ op: 'add', path, value: 5 }),
    );
    const seq = edited.timeline.findIndex((entry) => entry.type === 'object' && 'patch' in entry);
    const file = fileOf(canonical(edited));
    const fault = `entry ${seq}: its state is no object of the API`;
    assert.ok((await verifyStory(file)).problems.includes(fault));
    await using read = await openStory(file);
    await assert.rejects(judgeStory({ head: { ...read.head, verdict: undefined }, entries: read.entries }), {
      code: 'story',
      message: fault,
    });
    await assert.rejects(momentOf(read, undefined), { code: 'story', message: fault });
  }
});

test('whatever stands in any place of a story, it is judged', async () => {
  const text = JSON.stringify(story);
  const strange = fc.constantFrom(null, 7, '', 'x', true, [], [null], {}, { metadata: null });
  await holds(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), strange, async (steps, value) => {
      const edited: unknown = JSON.parse(text);
      replaceSomewhere(edited, steps, value);
      await problemsOf(fileOf(JSON.stringify(edited)));
    }),
    { numRuns: 100 },
  );
});

/** Walks down by these choices, three times of four on to the next step, and puts the value where it ends. */
function replaceSomewhere(parent: unknown, steps: Iterator<number>, value: unknown): void {
  assert.ok(isObject(parent) || Array.isArray(parent));
  const keys = Object.keys(parent);
  const step = steps.next().value ?? 0;
  const key = keys[Math.floor(step / 4) % keys.length] ?? assert.fail();
  const fields = parent as Record<string, unknown>;
  const child = fields[key];
  const isInner = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
  if (isInner && step % 4 > 0) replaceSomewhere(child, steps, value);
  else fields[key] = value;
}

test('what tells most of an edit comes first: a line that is gone before the numbers that do not follow each other', async () => {
  const edited = structuredClone(story);
  const line = edited.timeline.findIndex((entry) => entry.type === 'log');
  edited.timeline.splice(line, 1);
  const { problems, problemCount } = await verifyStory(fileOf(canonical(edited)));
  assert.match(problems[0] ?? '', /^the ledger of container \d+ says lines \d+, the timeline \d+$/);
  assert.equal(problems.at(-1), `entry ${line + 1} stands where entry ${line} should, which is missing`);
  assert.ok(problemCount < 10, `${problemCount}`);
  const signed = join(folder, 'signed-line.json');
  await writeStory({ journal, output: signed, force: true, signKey: signingKey(keys.privateKey, 'test') });
  const text = readFileSync(signed, 'utf8').replace(/\n\{"seq":\d+,[^\n]*"type":"log"[^\n]*/, '');
  assert.match((await verifyStory(fileOf(text), publicKey)).problems[0] ?? '', /^the signature does not fit/);
});

test('a story of another version of faro is not judged by what this one makes of states', async () => {
  const edited = structuredClone(story);
  edited.metadata.generator = 'faro 0.0.9';
  edited.verdict = { status: 'healthy', consequences: [] };
  assert.deepEqual((await verifyStory(fileOf(canonical(edited)))).problems, []);
});

test('a signature that was taken away, moved, or made by someone else is not accepted', async () => {
  const output = join(folder, 'signed-too.json');
  await writeStory({ journal, output, force: true, signKey: signingKey(keys.privateKey, 'test') });
  const text = readFileSync(output, 'utf8');
  const other = checkingKey(
    generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'other',
  );
  const refused = async (content: string, key = publicKey) => (await verifyStory(fileOf(content), key)).problems.join();
  assert.equal(await refused(text), '');
  assert.match(await refused(text, other), /signed with another key/);
  assert.match(await refused(text.replace(/,\n"signature": .*/, '')), /not signed/);
  assert.match(await refused(`${text} `), /does not fit/);
  assert.match(await refused(JSON.stringify(JSON.parse(text))), /does not fit/);
  assert.equal((await verifyStory(fileOf(text))).signature, 'unchecked');
});

test('a key that is none, or of another kind, is refused with the way out, and never shown', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  assert.throws(() => signingKey(rsa.toString(), 'rsa.pem'), /rsa.pem is a key of type rsa, not ed25519/);
  assert.throws(
    () => signingKey('s3cret', 'key.pem'),
    (error) =>
      error instanceof Error && /key.pem is no private key/.test(error.message) && !error.message.includes('s3cret'),
  );
});
