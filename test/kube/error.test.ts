import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, type Refusal, refusalError, statusError } from '../../src/kube/error.ts';
import { FaroError } from '../../src/model/errors.ts';

const status = (fields: object) => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...fields });

describe('an ApiError', () => {
  const codes: readonly (readonly [number, string, string])[] = [
    [401, 'Unauthorized', 'unauthorized'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [410, 'Expired', 'expired'],
    [410, 'Gone', 'expired'],
    [500, 'Expired', 'expired'],
    [400, 'BadRequest', 'api'],
    [409, 'AlreadyExists', 'api'],
    [429, 'TooManyRequests', 'api'],
    [504, 'Timeout', 'api'],
  ];
  for (const [code, reason, expected] of codes) {
    it(`of ${code} ${reason} has the code ${expected}`, () => {
      const error = statusError(status({ code, reason, message: 'no' }), { status: 500 });
      assert.ok(error instanceof FaroError);
      assert.equal(error.code, expected);
      assert.equal(error.status, code);
      assert.equal(error.reason, reason);
      assert.equal(error.message, 'no');
      assert.equal(error.name, 'ApiError');
    });
  }

  it('takes the time to wait from the Status before that of the header', () => {
    const body = status({ code: 429, message: 'busy', details: { retryAfterSeconds: 2 } });
    assert.equal(statusError(body, { status: 429, retryAfterMs: 9000 }).retryAfterMs, 2000);
    assert.equal(statusError(status({ code: 429 }), { status: 429, retryAfterMs: 9000 }).retryAfterMs, 9000);
  });

  it('of a Status that says little says what it can', () => {
    assert.equal(statusError(status({}), { status: 500 }).message, 'HTTP 500');
    assert.equal(statusError(status({ reason: 'Expired' }), { status: 410 }).message, 'Expired');
    assert.equal(statusError(null, { status: 500 }).status, 500);
  });

  it('can be made by whoever simulates a server', () => {
    const error = new ApiError(410, 'too old', { reason: 'Expired' });
    assert.deepEqual([error.code, error.retryAfterMs, error.hint], ['expired', undefined, undefined]);
  });
});

describe('a refusal that is no Status', () => {
  const refusal = (changes: Partial<Refusal>): ApiError =>
    refusalError({
      status: 502,
      what: 'GET /api/v1/pods',
      body: undefined,
      contentType: undefined,
      retryAfter: undefined,
      ...changes,
    });

  it('names what was asked for and the status', () => {
    assert.equal(refusal({}).message, 'GET /api/v1/pods was answered with HTTP 502');
  });

  it('repeats the first line of plain words', () => {
    const error = refusal({
      status: 403,
      contentType: 'text/plain; charset=utf-8',
      body: 'Forbidden (user=ada)\nmore',
    });
    assert.equal(error.message, 'GET /api/v1/pods was answered with HTTP 403: Forbidden (user=ada)');
    assert.equal(error.code, 'forbidden');
  });

  it('repeats no control characters, and no more than a line', () => {
    const error = refusal({ contentType: 'text/plain', body: `\u001b[31mred${'x'.repeat(1000)}` });
    assert.match(error.message, /: \[31mredx{190,}$/);
    assert.ok(error.message.length < 300);
  });

  it('repeats nothing of a page, and hints at a proxy', () => {
    const error = refusal({ contentType: 'text/html', body: '<html>Bad Gateway</html>' });
    assert.doesNotMatch(error.message, /html|Gateway/);
    assert.match(error.hint ?? '', /proxy/);
  });

  it('that leads elsewhere hints at a login page', () => {
    assert.match(refusal({ status: 302 }).hint ?? '', /login page/);
  });

  for (const [text, ms] of [
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['-1', undefined],
    ['1e9', undefined],
    ['Tue, 24 Nov 2026 13:00:00 GMT', undefined],
    ['', undefined],
  ] as const)
    it(`reads Retry-After "${text}" as ${ms}`, () => assert.equal(refusal({ retryAfter: text }).retryAfterMs, ms));
});
