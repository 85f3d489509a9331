import type { Story } from '../../../src/story/document.ts';
import { StoryMaker, timeAfter } from './story-maker.ts';

/** A Deployment gets an image that crashes; its log lost a part to rotation. */
export function failedRollout(): Story {
  const maker = new StoryMaker();
  const web = maker.object('Deployment', 'web');
  const pod = maker.object('Pod', 'web-2-a', maker.object('ReplicaSet', 'web-2', web));
  const run = maker.container(pod, 'app');
  const state = { kind: 'Deployment', spec: { replicas: 3, template: { image: 'shop/web:1' } } };
  const of = (object: number, type: string) => ({ type, object });
  maker.tell({ at: 0, ...of(web, 'object'), action: 'found', resourceVersion: '1', state });
  const patch = [{ op: 'replace', path: '/spec/template/image', value: 'shop/web:2' }];
  maker.tell({ at: 1000, ...of(web, 'object'), action: 'changed', resourceVersion: '2', manager: 'kubectl', patch });
  maker.tell({ at: 1000, ...of(web, 'lifecycle'), what: 'rolloutBegun' });
  maker.tell({ at: 1100, ...of(pod, 'lifecycle'), what: 'phase', from: '', to: 'Running' });
  maker.tell({ at: 1200, ...of(pod, 'lifecycle'), what: 'started', containerName: 'app', container: run, restart: 0 });
  maker.log(run, 1300, 'starting');
  maker.log(run, 1400, 'fatal: cannot reach db');
  const fatal = maker.timeline.length - 1;
  const end = { containerName: 'app', container: run, restart: 0, exitCode: 3, reason: 'Error' };
  maker.tell({ at: 1500, ...of(pod, 'lifecycle'), what: 'terminated', ...end });
  Object.assign(maker.containers[run] ?? {}, { exitCode: 3, reason: 'Error' });
  const event = { about: { kind: 'Pod', name: 'web-2-a' }, reason: 'BackOff', eventType: 'Warning', count: 1 };
  maker.tell({ at: 1600, ...of(pod, 'event'), ...event, reporter: 'kubelet', message: 'Back-off', event: 'uid-event' });
  const times = { from: timeAfter(1310), to: timeAfter(1390) };
  maker.gaps.push({
    of: { container: run },
    ...times,
    certainty: 'known',
    cause: 'rotation',
    evidence: 'offset 10 is in no file',
  });
  maker.tell({ at: 1700, type: 'gap', gap: 0 });
  const summary = 'container app exits with code 3';
  maker.verdict = {
    status: 'failed',
    firstCause: { rule: 'crash-loop', summary, object: pod, container: run, evidence: [fatal] },
    consequences: [],
  };
  return maker.finish(5000);
}
