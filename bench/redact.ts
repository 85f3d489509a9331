import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/cli/context.ts';
import { seededRandom } from '../src/demo/random.ts';
import { JournalWriter } from '../src/journal/writer.ts';
import { OpenLog } from '../src/logs/open-log.ts';
import { LogCursor } from '../src/logs/position.ts';
import type { JournalRecord } from '../src/model/record.ts';
import { timestampOf } from '../src/model/time.ts';
import { parsePattern } from '../src/redact/patterns.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { writeStory } from '../src/story/file.ts';

/**
 * What redaction of log lines costs: CPU from the bytes of a log stream to the synced journal, and from there to the story,
 * with redaction and without, in turns. `node bench/redact.ts [--lines 400000] [--rounds 12]`. What a capture does beside
 * (HTTP, TLS, watches) is left out, so that the true share is smaller.
 */
const { values } = parseArgs({
  options: { lines: { type: 'string', default: '400000' }, rounds: { type: 'string', default: '12' } },
});
const [LINES, ROUNDS] = [Number(values.lines), Number(values.rounds)];
const CHUNK_BYTES = 64 * 1024;
const START = Date.UTC(2026, 10, 25, 12);
const ROOT = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
const INSTANCE = { podUid: 'web', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const random = seededRandom(4);

const NAMED = ['token validated', 'user authenticated', 'request served', 'policy evaluated', 'cookie refreshed'];
const PATHS = ['api/carts', 'oauth2/token', 'authorize?client_id=web', 'users/7/password', 'static/app.js'];
const KLOGS = [
  'reconciler.go:251] "VerifyControllerAttachedVolume started for volume \\"kube-api-access\\" pod \\"web-0\\"" pod="shop/web-0"',
  'operation_generator.go:637] "MountVolume.SetUp succeeded for volume \\"app-secret\\" (UniqueName: \\"kubernetes.io/secret/7a9c-app-secret\\")" pod="shop/web-0"',
  'round_trippers.go:553] GET https://10.96.0.1:443/api/v1/namespaces/shop/pods?limit=500 200 OK in 3 milliseconds',
  'token_manager.go:121] "Refreshing service account token" pod="shop/web-0"',
  'generic.go:334] "Generic (PLEG): container finished" podID="7a9c" exitCode=0',
];
const CORPORA: Readonly<Record<string, (index: number) => string>> = {
  'access log': (index) =>
    `10.0.${index % 256}.7 - - "GET /cart/${index}/items?page=${index % 9} HTTP/1.1" 200 ${index % 5000} "https://shop.example/" "Mozilla/5.0"`,
  'JSON, a name of a credential in 1 %': (index) =>
    `{"level":"info","ts":${index},"caller":"orders/service.go:${index % 400}","msg":"order placed","order":"${index}","items":${index % 7}${random() < 0.01 ? ',"token":"f3a9c1d2e4b5"' : ''}}`,
  'text, signs of credentials in 10 %': (index) =>
    `INFO worker-${index % 16} request ${index} done in ${index % 90} ms${random() < 0.1 ? ' user authenticated, token accepted' : ' queue is empty, connection kept'}`,
  'access log of a service for logins': (index) =>
    `10.0.${index % 256}.7 - user${index % 90} "GET /${PATHS[index % 5]} HTTP/1.1" 200 ${index % 5000} "https://shop.example/login" "Mozilla/5.0"`,
  'JSON, two names with `auth` or `token` in each line': (index) =>
    `{"level":"info","logger":"auth","msg":"${NAMED[index % 5]}","authMethod":"oidc","token_type":"access","user":"u${index % 500}","ms":${index % 90}}`,
  'klog, of a kubelet': (index) => `I1125 12:00:00.${String(index).padStart(6, '0')}    1007 ${KLOGS[index % 5]}`,
  'logfmt, two names with `auth` or `token` in each line': (index) =>
    `level=info msg="${NAMED[index % 5]}" component=api auth=${index % 2 === 0} tokens=${index % 900} path=/v1/items/${index} duration=${index % 90}ms`,
};

interface Cost {
  readonly journal: number;
  readonly story: number;
}

const OWN = [parsePattern('card=\\b\\d{4}(?:-\\d{4}){3}\\b')];
process.stdout.write(
  `| ${LINES} lines, median of ${ROUNDS} pairs | MB | to the journal, CPU ms | redacted | ratio | with the story, CPU ms | redacted | ratio | ratio with one pattern of one's own |\n|---|---|---|---|---|---|---|---|---|\n`,
);
for (const [name, lineOf] of Object.entries(CORPORA)) {
  const bytes = Buffer.concat(
    Array.from({ length: LINES }, (_, index) => Buffer.from(`${timestampOf(START + index)} ${lineOf(index)}\n`)),
  );
  const costs: Record<'off' | 'on' | 'own', Cost[]> = { off: [], on: [], own: [] };
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const mode of inTurn(round)) {
      const cost = await measure(bytes, mode);
      if (round > 0) costs[mode].push(cost); // the first warms up
    }
  const [off, on, own] = [costs.off, costs.on, costs.own];
  const whole = ({ journal, story }: Cost) => journal + story;
  const ratio = (a: readonly Cost[], of: (cost: Cost) => number) =>
    median(a.map((cost, round) => of(cost) / of(off[round] ?? cost))).toFixed(2);
  const journal = ({ journal }: Cost) => journal;
  const cells = [
    ...[median(off.map(journal)), median(on.map(journal))].map((value) => value.toFixed(0)),
    ratio(on, journal),
    ...[median(off.map(whole)), median(on.map(whole))].map((value) => value.toFixed(0)),
    ratio(on, whole),
    ratio(own, whole),
  ];
  process.stdout.write(`| ${name} | ${(bytes.length / 1e6).toFixed(0)} | ${cells.join(' | ')} |\n`);
}

/** Each mode comes first as often as the others: what one leaves to be collected, the next one pays. */
function inTurn(round: number): readonly ('off' | 'on' | 'own')[] {
  const modes = ['off', 'on', 'own'] as const;
  return modes.map((_, index) => modes[(index + round) % modes.length] ?? 'off');
}

/** CPU milliseconds of one recording of these bytes, as chunks come from a socket, and of its story. */
async function measure(bytes: Buffer, mode: 'off' | 'on' | 'own'): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'faro-redact-'));
  const dir = join(folder, 'journal');
  const patterns = mode === 'own' ? OWN : [];
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: mode !== 'off', managedFields: false, patterns });
  const before = process.cpuUsage();
  {
    await using writer = await JournalWriter.create(dir, { clock: systemClock });
    const sink = {
      append: (record: JournalRecord) => writer.append(redactor.record(record)),
      drained: (signal: AbortSignal) => writer.drained(signal),
    };
    sink.append(start());
    sink.append(pod());
    const log = new OpenLog({
      ...{ instance: INSTANCE, stream: 0, attempt: 0, limited: false, matcher: undefined },
      ...{
        cursor: new LogCursor(),
        proof: { take: () => undefined },
        sink,
        clock: systemClock,
        isOwn: () => true,
        stop: () => undefined,
      },
    });
    const signal = new AbortController().signal;
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      log.push(bytes.subarray(at, at + CHUNK_BYTES));
      await sink.drained(signal);
    }
    log.close();
    const observed = timestampOf(START + LINES);
    sink.append({ kind: 'logEnd', observed, instance: INSTANCE, end: 'proven', evidence: 'read to its end' });
    sink.append({ kind: 'end', time: observed, ended: 'for' });
  }
  const journal = cpuMs(before);
  await writeStory({ journal: dir, output: join(folder, 'story.json'), force: true });
  const story = cpuMs(before) - journal;
  rmSync(folder, { recursive: true });
  return { journal, story };
}

function start(): JournalRecord {
  const cluster = { version: 'v1.37.2', uid: null, server: 'https://127.0.0.1' };
  const id = '01a20d89-78c0-76e0-a13b-e013a596b798';
  return { kind: 'start', id, generator: 'faro bench', time: timestampOf(START), cluster, roots: [ROOT], options: {} };
}

function pod(): JournalRecord {
  const metadata = { name: 'web', namespace: 'shop', uid: 'web', resourceVersion: '1' };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata };
  return { kind: 'object', observed: timestampOf(START), action: 'found', resource: 'pods', object, redactions: 0 };
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
