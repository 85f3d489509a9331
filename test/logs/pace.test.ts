import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../src/logs/pace.ts';

test('a stream that ends as soon as it is opened is tried less and less often, however rarely its file is read', () => {
  const pace = new Pace(0, () => ({}));
  const opened: number[] = [];
  // A kubelet that can watch no more files (fs.inotify.max_user_instances) ends each stream at once.
  for (let now = 0; now < 600_000; ) {
    pace.took(0, { since: now, now });
    const { ms } = pace.next({ failed: false, isEnding: false, isUrgent: false, now });
    if (now > 30_000 && pace.mayOpenStream(now)) opened.push(now); // by then its file is read rarely
    now += ms;
  }
  assert.ok(opened.length < 30, `${opened.length} streams in ten minutes`);
  const last = opened.slice(-5);
  for (const [index, at] of last.slice(1).entries()) assert.ok(at - (last[index] ?? 0) >= 30_000, opened.join(' '));
});

/** Moments at which a log is read that writes so many lines a second, once its stream has said that it is busy. */
function readings(
  linesASecond: number,
  { seconds, from = 0, beat = from }: { readonly seconds: number; readonly from?: number; readonly beat?: number },
): { readonly at: readonly number[]; readonly isBusy: boolean } {
  const pace = new Pace(from, () => ({}), beat);
  const at: number[] = [];
  let isBusy = false;
  pace.becameBusy();
  for (let now = from, readAt = from; now < from + seconds * 1000; ) {
    pace.took((linesASecond * (now - readAt)) / 1000, { since: now, now });
    at.push(now);
    const next = pace.next({ failed: false, isEnding: false, isUrgent: false, now });
    readAt = now;
    now += next.ms;
    isBusy = next.isBusy;
    if (!isBusy) break;
  }
  return { at, isBusy };
}

test('a busy log is read each second, and a less busy one when two hundred lines have come, every four seconds at the least', () => {
  for (const [linesASecond, ms] of [
    [10_000, 1000],
    [200, 1000],
    [100, 2000],
    [80, 2500],
    [50, 4000],
    [25, 4000],
  ] as const) {
    const { at, isBusy } = readings(linesASecond, { seconds: 60 });
    assert.ok(isBusy, `${linesASecond} lines/s`);
    const gaps = at.slice(2).map((time, index) => time - (at[index + 1] ?? 0)); // the first reading knows no rate
    assert.ok(Math.max(...gaps) <= ms + 500, `${linesASecond} lines/s: ${gaps}`);
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    assert.ok(Math.abs(mean - ms) <= ms / 5, `${linesASecond} lines/s: ${gaps}`);
  }
});

test('busy logs of a recorder are read together, whenever they began, and not with those of another one', () => {
  for (const beat of [0, 300]) {
    const times = [400, 530, 999, 1500, 2750].map((from) => readings(50, { seconds: 60, from, beat }).at.slice(1));
    for (const time of times.flat()) assert.equal(time % 1000, beat);
  }
});

test('a log is quiet again after some readings with few lines', () => {
  const { at, isBusy } = readings(15, { seconds: 60 });
  assert.equal(isBusy, false);
  assert.ok(at.length > 3, `after ${at.length} readings`);
});

test('a node that rotates fast has its busy logs read as fast', () => {
  const pace = new Pace(0, () => ({ maxFiles: 2, intervalMs: 1000 }));
  pace.becameBusy();
  pace.took(100, { since: 2000, now: 2000 });
  assert.ok(pace.next({ failed: false, isEnding: false, isUrgent: false, now: 2000 }).ms <= 250);
});

test('a quiet log is not taken for a busy one where a reading took long, in which it went on', () => {
  const pace = new Pace(0, () => ({}));
  pace.took(0, { since: 0, now: 3500 });
  pace.took(20 * 4.5, { since: 4500, now: 4600 });
  assert.equal(pace.next({ failed: false, isEnding: false, isUrgent: false, now: 4600 }).isBusy, false);
});
