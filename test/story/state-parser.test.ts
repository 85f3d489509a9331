import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../src/model/json.ts';
import type { ObjectRecord } from '../../src/model/record.ts';
import { StateParser } from '../../src/story/state-parser.ts';

const LONG = 'a text that is long enough to be compared rather than parsed: "é\\{[,:'.repeat(2);
const OWNER = '{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"owner"}';

/** The JSON of a record, with an object's fields as they stand. */
function record(object: string, { uid = 'a', action = 'changed', second = 0, owners = `[${OWNER}]` } = {}): Buffer {
  const metadata = `{"name":"web","uid":"${uid}","resourceVersion":"${second}","ownerReferences":${owners}}`;
  const observed = `2026-11-25T12:00:0${second}.000000000Z`;
  return Buffer.from(
    `{"kind":"object","observed":"${observed}","action":"${action}","resource":"pods",` +
      `"object":{"apiVersion":"v1","kind":"Pod","metadata":${metadata}${object}},"redactions":0}`,
  );
}

const spec = (value: string) => `,"spec":{"text":${JSON.stringify(LONG)},"value":${value}}`;
const status = (value: string) => `,"status":{"phase":"Running","list":[{"a":1},{"b":[${value}]}]}`;

/** States of an object, each other than the one before in a way of its own. */
const STATES = [
  record(spec('1') + status('1')),
  record(spec('1') + status('2'), { second: 1 }),
  record(spec('12') + status('2')),
  record(status('2')), // the spec is gone …
  record(spec('12')), // … and comes back, without a status
  record(status('3') + spec('12')), // in another order
  record(`,"status":{"list":[{"a":1},{"b":[3]}],"phase":"Running"}${spec('12')}`),
  record(spec('12345678901234567890') + status('1.0')), // numbers that keep their text
  record(spec('1.0') + status('12345678901234567890')),
  record(spec('1.0') + status('1.0')),
  record(spec('12'), { uid: 'b', second: 2 }),
  record(spec('12'), { action: 'deleted', second: 3 }),
  record(spec('12') + status('{"__proto__":{"x":1}}')),
  record(spec('12') + status('{"__proto__":{"x":2}}')),
  record(`,"__proto__":{"text":${JSON.stringify(LONG)}},"a\\"b":{"text":${JSON.stringify(LONG)}}`, { uid: 'c' }),
  record(`,"__proto__":{"text":${JSON.stringify(LONG)}},"a\\"b":{"text":${JSON.stringify(LONG)}}`, { uid: 'c' }),
  record(',"spec":null,"status":null'),
  record(''),
  Buffer.from('{"kind":"object","object":null}'),
  Buffer.from('{"kind":"note","text":"no object"}'),
];

test('a state is parsed as it would be alone, whatever came before it, and however little is remembered', () => {
  for (const room of [undefined, 0, 250])
    for (const states of [STATES, STATES.toReversed(), [...STATES, ...STATES]]) {
      const parser = new StateParser(room === undefined ? {} : { room });
      for (const json of states) {
        const parsed = parser.parse(json);
        assert.deepEqual(parsed, parseJson(json.toString()));
        assert.equal(JSON.stringify(parsed), JSON.stringify(parseJson(json.toString())), 'in the same order');
      }
    }
});

test('what is as it was before is the very same value', () => {
  const parser = new StateParser();
  const parsed = [record(spec('1') + status('1')), record(spec('1') + status('2'), { second: 1 })].map(
    (json) => parser.parse(json) as ObjectRecord,
  );
  const [before, after] = parsed.map(({ object }) => object as typeof object & { status: { list: unknown[] } });
  assert.notEqual(before?.spec, undefined);
  assert.equal(after?.spec, before?.spec);
  assert.equal(after?.metadata.ownerReferences, before?.metadata.ownerReferences);
  assert.equal(after?.status.list[0], before?.status.list[0]);
  assert.notDeepEqual(after?.status, before?.status);
});

test('a brief record tells when it was made, of what type, and what its object belongs to', () => {
  const parser = new StateParser();
  parser.isBrief = true;
  const others = [
    record(spec('12'), { owners: '[]', second: 5 }),
    record(spec('13'), { owners: '[]', second: 6 }),
    Buffer.from(record(spec('13'), { owners: '[]', second: 7 }).toString().replace('"v1"', '"other/v1"')),
    record(spec('13'), { owners: '[]', second: 8 }),
  ];
  for (const json of [...STATES.slice(0, -2), ...STATES.slice(0, -2), ...others]) {
    const brief = parser.parse(json) as ObjectRecord;
    const whole = parseJson(json.toString()) as ObjectRecord;
    const told = ({ observed, resource, object }: ObjectRecord) => {
      const { apiVersion, metadata } = object;
      const { uid, name, ownerReferences } = metadata;
      return { observed, resource, apiVersion, uid, name, ownerReferences, spec: object.spec };
    };
    assert.deepEqual(told(brief), told(whole));
  }
});
