import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { clientOf, NEVER, textOf } from '../wire/client.ts';
import { type Frame, FrameServer, frames } from '../wire/frames.ts';

const { NGHTTP2_NO_ERROR } = constants;
const { headers, data, trailers, reset } = frames;
const LOG = { namespace: 'shop', pod: 'web-0', container: 'app', follow: true };
const CUT = { name: 'FaroError', code: 'unreachable', message: /the connection to https:.* broke/ };
/** More than is read before anyone asks for it. */
const PART = Buffer.alloc(16_000, 'x');
const MUCH = Array.from({ length: 20 }, () => data(PART));

/** The body of an answer, read as it comes, or when all of it is there. */
async function bodyOf(answer: readonly Frame[], when: 'at once' | 'later'): Promise<string> {
  await using server = await FrameServer.start();
  await using client = clientOf(server);
  server.answer = answer;
  const stream = await client.logs(LOG, NEVER);
  if (when === 'later') {
    // An answer on the same connection comes after the last frame of the one before it.
    server.answer = [headers(true)];
    await textOf(await client.logs(LOG, NEVER));
  }
  return await textOf(stream);
}

describe('the end of an HTTP/2 stream', () => {
  const whole: readonly (readonly [string, readonly Frame[], string])[] = [
    ['with the headers', [headers(true)], ''],
    ['with the last bytes', [headers(), data('one'), data('two', true)], 'onetwo'],
    ['behind the last bytes', [headers(), data('one'), data('', true)], 'one'],
    ['with trailers', [headers(), data('one'), trailers()], 'one'],
    ['and a reset without an error behind it', [headers(), data('one', true), reset(NGHTTP2_NO_ERROR)], 'one'],
    ['behind many bytes', [headers(), ...MUCH, data('', true)], 'x'.repeat(20 * PART.length)],
  ];
  const cut: readonly (readonly [string, readonly Frame[]])[] = [
    ['the first byte', [headers(), reset(NGHTTP2_NO_ERROR)]],
    ['the last byte', [headers(), data('one'), reset(NGHTTP2_NO_ERROR)]],
    ['the end of many bytes', [headers(), ...MUCH, reset(NGHTTP2_NO_ERROR)]],
  ];
  for (const when of ['at once', 'later'] as const) {
    for (const [how, answer, body] of whole) {
      it(`${how} is the end of the answer, read ${when}`, async () => {
        assert.equal(await bodyOf(answer, when), body);
      });
    }
    for (const [what, answer] of cut) {
      it(`is not there where it is reset without an error before ${what}, read ${when}`, async () => {
        await assert.rejects(bodyOf(answer, when), CUT);
      });
    }
  }

  it('that is reset without an error before the headers is no answer', async () => {
    await assert.rejects(bodyOf([reset(NGHTTP2_NO_ERROR)], 'at once'), { name: 'FaroError', code: 'unreachable' });
  });
});
