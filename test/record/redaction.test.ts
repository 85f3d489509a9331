import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { parsePattern } from '../../src/redact/patterns.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { Story } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { credential } from '../credentials.ts';
import { temporaryFolder } from '../folder.ts';
import { isRedactionOf } from '../redact/written.ts';
import { journalOf } from '../story/simulated-story.ts';
import { type Recording, recordedLines, startRecording, trueLines, until } from './harness.ts';

const SECRETS = [
  credential('hunter2-of-the-test'),
  credential(`ghp_${'t3st'.repeat(9)}`),
  credential('MIIEvQIBADANBgkqhkiG9w0BAQ'),
  'C-4711-0815', // only where a pattern says so
];
const LINES = [
  `connecting to postgres://app:${SECRETS[0]}@db/shop`,
  `{"msg":"login","password":"${SECRETS[0]}"}`,
  `pushing with ${SECRETS[1]}`,
  '-----BEGIN PRIVATE KEY-----',
  SECRETS[2],
  '-----END PRIVATE KEY-----',
  `customer ${SECRETS[3]} served`,
  'nothing to hide',
];

function writeSecrets({ cluster }: Recording, times: number): void {
  for (const pod of cluster.store.list(cluster.type('pods'), 'shop')) {
    const log = cluster.api.log(pod.metadata.uid, 'web', false);
    for (let time = 0; time < times; time += 1) for (const line of LINES) log?.write(line ?? '');
  }
}

function redactedLines(records: readonly JournalRecord[]): number {
  return [...recordedLines(records).values()].flat().filter((line) => line.endsWith('nothing to hide')).length;
}

for (const route of ['stream', 'node-files', 'auto'] as const)
  test(`no credential of a log reaches the journal or the story, and the log is proven by its raw lines (${route})`, async () => {
    const patterns = [parsePattern('customer=C-[0-9-]+')];
    const redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: true, patterns });
    await using recording = await startRecording({
      prepare: prepareShop,
      options: { redactor, logs: { maxStreams: 50, route } },
    });
    const { cluster, records } = recording;
    const pods = () => cluster.store.list(cluster.type('pods'), 'shop');
    await until('three logs are followed', () => recordedLines(records).size >= 6);
    for (const verb of ['log', 'files'])
      cluster.faults.add((at) => at.verb === verb, { type: 'cut', afterBytes: 3000 }, 3);
    writeSecrets(recording, 10);
    await until('they were recorded', () => redactedLines(records) >= 30);
    writeSecrets(recording, 1);
    await until('the rest was recorded', () => redactedLines(records) >= 33);
    await recording.end();

    const lines = recordedLines(records);
    for (const pod of pods()) {
      const { uid } = pod.metadata;
      const written = lines.get(`${uid}/web/0`) ?? [];
      const raw = trueLines(cluster, uid, 'web');
      for (const [index, line] of written.entries())
        assert.ok(isRedactionOf(Buffer.from(line), Buffer.from(raw[index] ?? '')), `${line} is not ${raw[index]}`);
    }
    const journal = await journalOf(records);
    const output = join(temporaryFolder('redacted'), 'story.json');
    await writeStory({ journal, output, force: false });
    const story = readFileSync(output, 'utf8');
    const text = records.map((record) => (record.kind === 'log' ? record.bytes.toString() : JSON.stringify(record)));
    const segments = readdirSync(journal).map((name) => readFileSync(join(journal, name), 'latin1'));
    for (const secret of SECRETS)
      for (const [where, all] of Object.entries({ records: text.join('\n'), story, journal: segments.join('') }))
        assert.ok(!all.includes(secret ?? ''), `${secret} is in the ${where}`);
    const proof = await verifyStory(output);
    assert.deepEqual(proof.problems, []);
    const { containers, metadata } = JSON.parse(story) as Story;
    const told = containers.map(({ ledger }) => ledger.redactions).filter((counts) => counts !== undefined);
    assert.equal(told.length, 3);
    for (const counts of told)
      assert.deepEqual(counts, { 'url-password': 11, named: 11, 'api-key': 11, 'private-key': 33, customer: 11 });
    assert.equal(metadata.redactions?.logs.customer, 33);
    assert.ok((metadata.redactions?.objects.variable ?? 0) > 0);
  });

test('a story that hides a redaction is found out', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  await until('three logs are followed', () => recordedLines(recording.records).size >= 6);
  writeSecrets(recording, 1);
  await until('they were recorded', () => redactedLines(recording.records) >= 3);
  await recording.end();
  const output = join(temporaryFolder('redacted'), 'story.json');
  const journal = await journalOf(recording.records);
  await writeStory({ journal, output, force: false });
  const sound = readFileSync(output, 'utf8');
  writeFileSync(output, sound.replace('[redacted:api-key]', '[redacted:api-kex]'));
  assert.match(
    (await verifyStory(output)).problems.join(),
    /says that 1 values \(api-key\) were taken out, its lines show 0/,
  );
  writeFileSync(output, sound.replace(/"redactions": ?(\d)/, '"redactions":9$1'));
  assert.match((await verifyStory(output)).problems.join(), /metadata.redactions tells of/);
});
