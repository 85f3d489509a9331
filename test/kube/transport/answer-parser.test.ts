import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AnswerParser } from '../../../src/kube/transport/answer-parser.ts';
import { FaroError } from '../../../src/model/errors.ts';
import { holds } from '../../property.ts';

interface Read {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly isDone: boolean;
  readonly isKept: boolean;
}

/** What is read of an answer that comes in these pieces, and then ends. */
function read(pieces: readonly (string | Buffer)[], { ends = false } = {}): Read {
  const parser = new AnswerParser('GET /x');
  let status: number | undefined;
  let headers = {};
  let body = '';
  for (const piece of pieces)
    for (const part of parser.take(Buffer.from(piece as string, 'latin1'))) {
      if (part.type === 'body') body += part.bytes.toString('latin1');
      else ({ status, headers } = part);
    }
  if (ends) parser.end();
  return { status, headers: { ...headers }, body, isDone: parser.isDone, isKept: parser.isKept };
}

/** The same bytes, cut at some places. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return sorted.slice(1).map((place, index) => text.slice(sorted[index], place));
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

describe('an answer of HTTP/1.1', () => {
  const whole: readonly (readonly [title: string, text: string, expected: Partial<Read>])[] = [
    ['with a length', `${OK}Content-Length: 5\r\nX-A: b \r\n\r\nhello`, { body: 'hello', isKept: true, status: 200 }],
    ['in chunks', `${CHUNKED}5;x=y\r\nhello\r\n3\r\n, a\r\n0\r\nT: 1\r\n\r\n`, { body: 'hello, a', isKept: true }],
    ['without anything', 'HTTP/1.1 204 \r\n\r\n', { body: '', status: 204, isKept: true }],
    ['of length 0', `${OK}content-length:0\r\n\r\n`, { body: '', isKept: true }],
    [
      'behind interim ones',
      `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
      { body: 'x', isKept: true },
    ],
    ['that closes', `${OK}Connection: Close\r\nContent-Length: 1\r\n\r\nx`, { body: 'x', isKept: false }],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', { body: 'x', isKept: false }],
    ['with more behind it', `${OK}Content-Length: 1\r\n\r\nxHTTP`, { body: 'x', isKept: false }],
  ];
  for (const [title, text, expected] of whole)
    it(`${title} is read in whatever pieces it comes`, () => {
      for (let place = 0; place <= text.length; place += 1) {
        const found = read(cut(text, [place]));
        assert.deepEqual({ ...found, ...expected }, found);
        assert.ok(found.isDone);
      }
      assert.deepEqual(read([...text]), read([text]));
    });

  it('whose end only that of the connection tells is read to there', () => {
    const found = read([`${OK}\r\n`, 'all ', 'of it'], { ends: true });
    assert.deepEqual([found.body, found.isDone, found.isKept], ['all of it', true, false]);
  });

  it('that ends too early is an error, wherever that is', () => {
    const answers = [`${OK}Content-Length: 5\r\n\r\nhello`, `${CHUNKED}5\r\nhello\r\n0\r\nT: 1\r\n\r\n`];
    for (const text of answers) {
      for (let length = 0; length < text.length; length += 1)
        assert.throws(() => read([text.slice(0, length)], { ends: true }), /ended in the middle/);
      read([text], { ends: true });
    }
  });

  it('gives several fields of one name, and none of the prototype', () => {
    const { headers } = read([`${OK}A: 1\r\n__proto__: x\r\na: 2\r\nA: 3\r\nContent-Length: 0\r\n\r\n`]);
    assert.deepEqual(headers.a, ['1', '2', '3']);
    assert.equal(({} as { x?: unknown }).x, undefined);
  });

  const refused: readonly (readonly [title: string, text: string, says: RegExp])[] = [
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', /what is no HTTP/],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n', /what is no HTTP/],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', /what is no HTTP/],
    ['a bare line feed', 'HTTP/1.1 200 OK\nA: b\r\n\r\n', /what is no HTTP/],
    ['a bare line feed in a field', `${OK}A: b\nContent-Length: 1\r\n\r\nx`, /a header that is none/],
    ['a bare carriage return in a field', `${OK}A: b\rc\r\n\r\n`, /a header that is none/],
    ['a NUL in a field', `${OK}A: b\0c\r\n\r\n`, /a header that is none/],
    ['a folded field', `${OK}A: b\r\n c\r\n\r\n`, /a header that is none/],
    ['a blank before a colon', `${OK}Content-Length : 1\r\n\r\nx`, /a header that is none/],
    ['a field without a name', `${OK}: b\r\n\r\n`, /a header that is none/],
    ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}`, /a length that is none/],
    ['the same length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, /a length that is none/],
    ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\n{}`, /a length that is none/],
    ['a negative length', `${OK}Content-Length: -5\r\n\r\n`, /a length that is none/],
    ['a length with a sign', `${OK}Content-Length: +5\r\n\r\n`, /a length that is none/],
    ['a length that no number holds', `${OK}Content-Length: 99999999999999999\r\n\r\n`, /a length that is none/],
    ['a length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`, /a length and chunks/],
    ['an unknown coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, /coding of the transfer/],
    ['two codings', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, /coding of the transfer/],
    ['chunks of HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', /coding of the transfer/],
    ['a chunk without a size', `${CHUNKED}zz\r\n{}`, /a chunk without a size/],
    ['a chunk with a sign', `${CHUNKED}-1\r\n{}`, /a chunk without a size/],
    ['a chunk of 2^64 bytes', `${CHUNKED}ffffffffffffffff\r\n{}`, /a chunk without a size/],
    ['a chunk that is longer than it says', `${CHUNKED}1\r\nxx\r\n`, /a chunk of another size/],
    ['a size without end', `${CHUNKED}${'0'.repeat(3000)}`, /a chunk without a size/],
    ['a head without end', `${OK}X: ${'x'.repeat(20_000)}`, /headers without end/],
    ['a trailer without end', `${CHUNKED}0\r\n${'A: b\r\n'.repeat(5000)}`, /headers without end/],
    ['promises without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50), /promises in place of an answer/],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', /promises in place of an answer/],
  ];
  for (const [title, text, says] of refused)
    it(`with ${title} is refused, in whatever pieces it comes`, () => {
      const error = { name: 'FaroError', code: 'protocol', message: says };
      assert.throws(() => read([text]), error);
      assert.throws(() => read([...text]), error);
    });

  it('is read the same however it is cut, and never as anything but an answer or an error', () => {
    const token = fc.stringMatching(/^[A-Za-z-]{1,12}$/);
    const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
    const fields = fc.array(
      fc.tuple(
        token.map((name) => `X-${name}`),
        value,
      ),
      { maxLength: 5 },
    );
    const body = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { maxLength: 6 });
    holds(
      fc.property(
        fields,
        body,
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 12 }),
        (pairs, parts, isChunked, places) => {
          const pieces = parts.map((part) => Buffer.from(part).toString('latin1'));
          const all = pieces.join('');
          const head = pairs.map(([name, text]) => `${name}: ${text}\r\n`).join('');
          const text = isChunked
            ? `${OK}${head}Transfer-Encoding: chunked\r\n\r\n${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`
            : `${OK}${head}Content-Length: ${all.length}\r\n\r\n${all}`;
          const found = read(cut(text, places));
          assert.deepEqual([found.body, found.isDone, found.isKept], [all, true, true]);
          assert.equal(Object.keys(found.headers).length, new Set(pairs.map(([name]) => name.toLowerCase())).size + 1);
        },
      ),
    );
  });

  it('of a liar is read the same however it is cut, or refused', () => {
    const word = fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK',
        'HTTP/1.0 304 X',
        '\r\n',
        '\r\n\r\n',
        '\n',
        '\r',
        ' ',
        ':',
        ';',
        '0',
        '5',
        'ff',
        'hello',
        '\0',
      ],
      ...['Content-Length: ', 'Transfer-Encoding: chunked', 'Connection: close', 'HTTP/1.1 100 C'],
    );
    const outcome = (pieces: readonly string[]) => {
      try {
        return read(pieces);
      } catch (error) {
        assert.ok(error instanceof FaroError, String(error));
        return error.message;
      }
    };
    holds(
      fc.property(fc.array(word, { maxLength: 14 }), fc.array(fc.nat(), { maxLength: 8 }), (words, places) => {
        for (const text of [words.join(''), `${CHUNKED}${words.join('')}`, `${OK}${words.join('')}`])
          assert.deepEqual(outcome(cut(text, places)), outcome([text]));
      }),
      { numRuns: 2000 },
    );
  });
});
