import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenLog } from '../../src/logs/open-log.ts';
import { LogCursor } from '../../src/logs/position.ts';
import type { LogSink } from '../../src/logs/sink.ts';
import { parseTimestamp } from '../../src/model/time.ts';
import { ManualClock } from '../kube/auth/manual-clock.ts';

const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

function line(second: number): string {
  return `2026-11-25T12:00:${String(second).padStart(2, '0')}.000000000Z line ${second}\n`;
}

/** A log that is opened again behind its first line, and what is written down of it. */
function opened() {
  const cursor = new LogCursor();
  const last = parseTimestamp('2026-11-25T12:00:01Z');
  assert.ok(last);
  cursor.remember(Buffer.from(line(1)), last);
  const text: string[] = [];
  const append: LogSink['append'] = (record) => void (record.kind === 'log' && text.push(String(record.bytes)));
  const log = new OpenLog({
    ...{ instance, stream: 1, attempt: 1, limited: false, cursor, matcher: cursor.resume()?.matcher },
    ...{
      sink: { append, drained: async () => undefined },
      clock: new ManualClock(),
      isOwn: () => true,
      stop: () => undefined,
    },
    proof: { take: () => undefined },
  });
  return { log, text };
}

test('lines that were held back behind a gap come before those that came meanwhile', () => {
  const { log, text } = opened();
  log.push(Buffer.from(line(5) + line(6)));
  log.flush();
  assert.equal(log.joint, 'disjoint');
  log.push(Buffer.from(line(7)));
  log.acceptHeld();
  assert.equal(text.join(''), line(5) + line(6) + line(7));
});

for (const { what, tail, complaint } of [
  {
    what: "the kubelet's own words",
    tail: 'unable to retrieve container logs',
    complaint: 'unable to retrieve container logs',
  },
  { what: 'the beginning of a line', tail: '2026-11-25T12:0', complaint: undefined },
])
  test(`what stands at a stream's end without a newline may be ${what}`, () => {
    const { log, text } = opened();
    log.push(Buffer.from(line(1) + line(2) + tail));
    log.close();
    assert.equal(text.join(''), line(2));
    assert.equal(log.written.complaint, complaint);
  });
