import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/demo/random.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';
import { judge } from './simulation/judge.ts';
import { programsOf } from './simulation/programs.ts';
import { JOURNAL, storyOn } from './simulation/story.ts';
import { addTo, noVerdict, type Verdict } from './simulation/verdict.ts';

/** `FARO_SCHEDULES` and `FARO_SEED` play more of them, or one again. */
const SCHEDULES = Number(process.env.FARO_SCHEDULES ?? 12);
const FIRST_SEED = Number(process.env.FARO_SEED ?? 1);

/** Records a workload under changes, kills the recorder, flips a bit of its journal or two, and goes on with that. */
async function play(seed: number): Promise<Verdict> {
  const random = seededRandom(seed);
  const rest = { isQuiet: false };
  await using recording = await SimulatedRecording.start({
    seed,
    random,
    programs: programsOf(rest),
    logs: { maxBytes: 1000 + Math.floor(random() * 4000), maxFiles: 5, intervalMs: 10_000 },
    route: seed % 4 === 3 ? 'stream' : 'auto',
    prepare: deployWeb,
    ...(seed % 3 === 0 ? { crowd: 0 } : {}),
  });
  const { cluster } = recording;
  const live = async () => {
    for (let changes = 0; changes < 3; changes += 1) {
      await recording.advance(random() * 8000);
      scaleWeb(cluster, Math.floor(random() * 4));
    }
    await recording.advance(random() * 8000);
  };
  await recording.advance(5000);
  const path = `${JOURNAL}/000001.faroj`;
  const begun = recording.disk.bytes(path).length; // what was before the recording is not of the story
  await live();
  const left = recording.disk.afterKill();
  const bytes = Buffer.from(left.bytes(path));
  for (let flips = Math.floor(random() * 2); flips >= 0; flips -= 1) {
    const at = begun + Math.floor((bytes.length - begun) * random());
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
  }
  left.set(path, bytes);
  await recording.kill(left);
  await recording.advance(random() * 10_000);
  await recording.resume();
  await live();
  rest.isQuiet = true;
  await recording.advance(45_000);
  const to = recording.clock.now();
  await recording.end();
  const { listedAt: from } = recording;
  const story = await storyOn(recording.disk);
  return judge({ cluster, story, from, to, skewMs: 0, route: seed % 4 === 3 ? 'stream' : 'auto' });
}

test(`${SCHEDULES} captures whose journals were damaged go on, and hold every state and line once, or a gap`, async (t) => {
  const sum = noVerdict();
  const failed: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1)
    try {
      addTo(sum, await play(seed));
    } catch (error) {
      failed.push(
        `FARO_SEED=${seed} FARO_SCHEDULES=1: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      );
    }
  t.diagnostic(`${SCHEDULES} schedules from seed ${FIRST_SEED}: ${JSON.stringify(sum)}`);
  assert.deepEqual(failed, []);
});
