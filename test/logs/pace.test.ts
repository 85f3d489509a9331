import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../src/logs/pace.ts';

test('a stream that ends as soon as it is opened is tried less and less often, however rarely its file is read', () => {
  const pace = new Pace(0, () => ({}));
  const opened: number[] = [];
  // A kubelet that can watch no more files (fs.inotify.max_user_instances) ends each stream at once.
  for (let now = 0; now < 600_000; ) {
    pace.took(0, { since: now, now });
    const { ms } = pace.next({ failed: false, isEnding: false, isUrgent: false });
    if (now > 30_000 && pace.mayOpenStream(now)) opened.push(now); // by then its file is read rarely
    now += ms;
  }
  assert.ok(opened.length < 30, `${opened.length} streams in ten minutes`);
  const last = opened.slice(-5);
  for (const [index, at] of last.slice(1).entries()) assert.ok(at - (last[index] ?? 0) >= 30_000, opened.join(' '));
});
