import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FaroError } from '../../src/model/errors.ts';
import { type LineFormat, LineRedactor } from '../../src/redact/log-lines.ts';
import { markerOf } from '../../src/redact/open-lines.ts';
import { parsePattern } from '../../src/redact/patterns.ts';
import { TOKEN_BEGINNINGS } from '../../src/redact/shapes.ts';
import { SIGNS, signsOfText } from '../../src/redact/signs.ts';
import { type Credential, credentialsIn, credentialsInLines, replaceCredentials } from '../../src/redact/text.ts';
import { holds } from '../property.ts';
import { isRedactionOf } from './written.ts';

const TIME = '2026-11-23T16:07:00.120000000Z';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWl0';

function redacted(content: string, redactor = new LineRedactor([])): string {
  return written(`${TIME} ${content}\n`, 'timestamped', redactor).slice(TIME.length + 1, -1);
}

function written(text: string, format: LineFormat, redactor: LineRedactor): string {
  const bytes = Buffer.from(text);
  return Buffer.concat(redactor.redact({ bytes, format })?.pieces ?? [bytes]).toString();
}

const table: readonly (readonly [line: string, written: string])[] = [
  [`Authorization: Bearer ${JWT}`, 'Authorization: Bearer [redacted:named]'],
  ['> Authorization: Basic dXNlcjpwYXNzd29yZA==', '> Authorization: Basic [redacted:named]'],
  ['using bearer abcdef0123456789abcdef', 'using bearer [redacted:bearer]'],
  [`session ${JWT} opened`, 'session [redacted:jwt] opened'],
  ['key AKIAIOSFODNN7EXAMPLE loaded', 'key [redacted:api-key] loaded'],
  [`pushing with ghp_${'a1'.repeat(18)}.`, 'pushing with [redacted:api-key].'],
  [`xoxb-${'1234567890'.repeat(2)} and AIza${'b'.repeat(35)}`, '[redacted:api-key] and [redacted:api-key]'],
  [
    'connecting to postgres://app:hunter2@db:5432/shop?ssl=1',
    'connecting to postgres://app:[redacted:url-password]@db:5432/shop?ssl=1',
  ],
  ['amqp://u:p@ss@mq/ ok', 'amqp://u:[redacted:url-password]@mq/ ok'],
  ['open app:hunt:er@2@tcp(db:3306)/shop failed', 'open app:[redacted:url-password]@tcp(db:3306)/shop failed'],
  ['dsn "app:token-hunter2@unix(/run/db)/shop"', 'dsn "app:[redacted:url-password]@unix(/run/db)/shop"'],
  ['password=hunter2 user=bob', 'password=[redacted:named] user=bob'],
  ['{"level":"info","token":"s3cr3t-v4lue","n":1}', '{"level":"info","token":"[redacted:named]","n":1}'],
  ['{"msg":"{\\"password\\":\\"hunter2\\"}"}', '{"msg":"{\\"password\\":\\"[redacted:named]\\"}"}'],
  ["db_password: 'hunter 2'", "db_password: '[redacted:named]'"],
  ['run --api-key s3cr3tv4lue --verbose', 'run --api-key [redacted:named] --verbose'],
  ['\x1b[36mpassword=\x1b[0mhunter2 \x1b[1mok', '\x1b[36mpassword=\x1b[0m[redacted:named] \x1b[1mok'],
  ['GET /v1/x?sig=abcdef&page=2', 'GET /v1/x?sig=[redacted:named]&page=2'],
  [
    '{"key":"-----BEGIN PRIVATE KEY-----\\nMIIabc\\n-----END PRIVATE KEY-----\\n","n":1}',
    '{"key":"[redacted:private-key]\\n","n":1}',
  ],
];
for (const [line, written] of table)
  test(`a line is written without its credential: ${line.slice(0, 40).replaceAll('\x1b', '')}`, () => {
    assert.equal(redacted(line), written);
    assert.equal(redacted(written), written, 'and what was written once stays as it is');
    assert.ok(isRedactionOf(Buffer.from(written), Buffer.from(line)));
  });

const harmless = [
  'GET /api/tokens 200 in 3 ms, max_tokens=4096',
  'authenticated user bob; authorization granted',
  'invalid token: expired',
  'see https://example.com:8443/a@b/c',
  'listening on app@tcp(0.0.0.0:80), user @tcp(db)',
  'password: ',
  'exited sig=9',
  'PASS: TestLogin (0.00s)',
  'pulled images.example.com/team/token-service:1.2',
  `password=$\{DB_PASSWORD} token=null`,
  'cookie consent shown',
  '',
];
for (const line of harmless)
  test(`a line without a credential stays as it is: ${line.slice(0, 40)}`, () => assert.equal(redacted(line), line));

const KEY = ['MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', 'BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj', 'Zz09'];

test('a private key over many lines is taken out, also where lines of others stand between', () => {
  const lines = [
    'before',
    '-----BEGIN RSA PRIVATE KEY-----',
    ...KEY.slice(0, 2),
    'GET / 200 (other thread)',
    KEY[2] ?? '',
    '-----END RSA PRIVATE KEY-----',
    'after',
  ];
  for (const cut of lines.keys()) {
    const redactor = new LineRedactor([]);
    const kept = [lines.slice(0, cut), lines.slice(cut)]
      .filter((part) => part.length > 0)
      .map((part) => written(part.map((line) => `${TIME} ${line}\n`).join(''), 'timestamped', redactor))
      .map((text) => text.replaceAll(`${TIME} `, ''))
      .join('');
    const marker = '[redacted:private-key]';
    const expected = ['before', marker, marker, marker, 'GET / 200 (other thread)', marker, marker, 'after'];
    assert.deepEqual(kept.trimEnd().split('\n'), expected, `cut before line ${cut}`);
  }
});

test('what follows a private key that never ends is written again', () => {
  const redactor = new LineRedactor([]);
  redacted('-----BEGIN PRIVATE KEY-----', redactor);
  const prose = Array.from({ length: 12 }, (_, index) => `request ${index} (200)`);
  for (const line of prose) assert.equal(redacted(line, redactor), line);
  assert.equal(redacted(KEY[0] ?? '', redactor), KEY[0]);
});

for (const tag of ['P', 'P:x'])
  test(`a credential in a line that the runtime split is found wherever it was cut, with the tag ${tag}`, () => {
    const line = `before password=hunter2hunter2 token ${JWT} after`;
    for (let cut = 1; cut < line.length; cut += 1) {
      const head = `${TIME} stdout ${tag} ${line.slice(0, cut)}\n`;
      const other = `${TIME} stderr F untouched\n`;
      const tail = `${TIME} stdout F ${line.slice(cut)}\n`;
      for (const blocks of [[head + other + tail], [head + other, tail]]) {
        const redactor = new LineRedactor([]);
        const records = blocks.map((block) => written(block, 'cri', redactor)).join('');
        const joined = records
          .split('\n')
          .filter((record) => record.includes('stdout'))
          .map((record) => record.split(' ').slice(3).join(' '))
          .join('');
        assert.ok(records.includes('stderr F untouched\n'));
        assert.ok(!joined.includes('hunter2'), `${cut}: ${joined}`);
        assert.ok(!joined.includes('c2lnbmF0dXJlLW9mLWl0') && !joined.includes('eyJzdWIi'), `${cut}: ${joined}`);
        assert.ok(joined.startsWith('before ') && joined.endsWith(' after'), joined);
      }
    }
  });

test('what was taken out is counted', () => {
  const bytes = Buffer.from(`${TIME} password=a1 token=b2\n${TIME} Bearer abcdefgh12345678\n`);
  const found = new LineRedactor([]).redact({ bytes, format: 'timestamped' });
  assert.deepEqual(found?.redacted, { named: 2, bearer: 1 });
});

test('a pattern of one’s own takes out its group, or all that it matches, also behind wide characters', () => {
  const redactor = new LineRedactor(['card=\\b\\d{4}(?:-\\d{4}){3}\\b', 'customer=kunde (\\w+)'].map(parsePattern));
  const written = redacted('über 1234-5678-9012-3456 für kunde müller1 und kunde meier', redactor);
  assert.equal(written, 'über [redacted:card] für kunde [redacted:customer]üller1 und kunde [redacted:customer]');
});

for (const [pattern, meaning] of [
  ['nonsense', /not NAME=REGEX/],
  ['a=(', /not a regular expression/],
  ['a=x*', /matches nothing at all/],
  ['a=(?=x)', /not a regular expression/],
] as const)
  test(`a pattern that cannot be used is refused: ${pattern}`, () =>
    assert.throws(
      () => parsePattern(pattern),
      (error) => error instanceof FaroError && meaning.test(error.message),
    ));

const anyBytes = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).map((byte) => (byte === 10 ? 32 : byte)));
const signed = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SIGNS, 'password=', 'Bearer ', ': ', '="', '@', ' ', 'A1b2C3d4E5'),
      fc.string({ maxLength: 6 }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\n', ' '));

test('what is found in bytes is what is found in their text', () => {
  holds(
    fc.property(
      fc.oneof(
        signed,
        anyBytes.map((bytes) => Buffer.from(bytes).toString('latin1')),
      ),
      (text) => {
        assert.deepEqual(credentialsInLines(Buffer.from(text, 'latin1')), credentialsIn(text));
      },
    ),
    { numRuns: 2000 },
  );
});

test('lines that are longer than what is looked at, and more of them than are told at once, are read like others', () => {
  const long = `password=hunter2 ${'x'.repeat(300_000)} token=abc123\n`;
  const many = 'password=hunter2\n'.repeat(20_000);
  const bytes = Buffer.from(`ok\n${long}${many}${long}`);
  const found = credentialsInLines(bytes).map(({ start, end }) => bytes.toString('latin1', start, end));
  assert.deepEqual(found, [
    'hunter2',
    'abc123',
    ...Array.from({ length: 20_000 }, () => 'hunter2'),
    'hunter2',
    'abc123',
  ]);
});

test('every sign leads to what it is one of, in either case', () => {
  for (const sign of [...SIGNS, ...TOKEN_BEGINNINGS].flatMap((each) => [each, each.toLowerCase(), each.toUpperCase()]))
    for (const line of [
      `${sign}=a1`,
      `x${sign}u:a1@h`,
      `u:a1${sign}`,
      `${sign}${'A1'.repeat(30)}`,
      `${sign}PRIVATE KEY-----`,
    ])
      assert.deepEqual(credentialsInLines(Buffer.from(line)), credentialsIn(line), line);
});

test('a sign is found wherever it lies among what is looked through at once', () => {
  for (let start = 4000; start < 8300; start = start === 4200 ? 8100 : start + 1)
    for (const given of ['dsn=', 'password: '])
      assert.deepEqual(
        credentialsInLines(Buffer.from(`${' '.repeat(start)}${given}a1b2\n`)).map((found) => found.start),
        [start + given.length],
      );
});

const planted = fc
  .tuple(
    fc.constantFrom(
      ...table.map(([line]) => line),
      ...harmless,
      'connection kept, container done',
      'contoken=a1 apiKEY=b2',
    ),
    fc.boolean(),
  )
  .map(([line, isLoud]) => (isLoud ? line.toUpperCase() : line));
const mixed = fc
  .array(fc.oneof(planted, signed, fc.string({ unit: 'grapheme', maxLength: 40 })), { maxLength: 4 })
  .map((parts) => parts.join(' ').replaceAll('\n', ' '));

test('what blocks of lines lose is what each line loses that is read by itself with the plain expression', () => {
  const endsKeys = (line: string) => `${line} -----END PRIVATE KEY-----`; // one that goes on is not read line by line
  holds(
    fc.property(
      fc.array(
        mixed.map((line) => (/-begin/i.test(line) ? endsKeys(line) : line)),
        { minLength: 1, maxLength: 12 },
      ),
      fc.array(fc.nat(11)),
      fc.nat(3),
      (contents, cuts, shift) => {
        const lines = contents.map((content) => `${TIME} ${content}\n`);
        const expected = lines.map((line) => replaceCredentials(line, (_, kind) => markerOf(kind))).join('');
        const redactor = new LineRedactor([]);
        const bounds = [0, ...cuts.filter((cut) => cut < lines.length).sort((a, b) => a - b), lines.length];
        const blocks = bounds.slice(1).map((end, index) => lines.slice(bounds[index], end).join(''));
        const memory = Buffer.concat([Buffer.alloc(shift), Buffer.from(blocks.join(''))]);
        let at = shift;
        const pieces = blocks.flatMap((block) => {
          const bytes = memory.subarray(at, at + Buffer.byteLength(block));
          at += bytes.length;
          return redactor.redact({ bytes, format: 'timestamped' })?.pieces ?? [bytes];
        });
        assert.equal(Buffer.concat(pieces).toString(), expected);
      },
    ),
    { numRuns: 2000 },
  );
});

const NAMES = [
  'dbPassword',
  'max_tokens',
  'token_type',
  'authFile',
  'AUTH',
  'Pass',
  'x--token',
  'api__key',
  'cookies',
  'sig',
];
const GIVEN = ['=', ':', ': ', ' = ', ':=', '=>', '":"', '": ', '\\":\\"', ' ', '\x1b[36m=', '="', ": '"];
const VALUES = [
  'true',
  'NULL',
  'expired.',
  'expiredly',
  '12',
  '1234567890',
  '-1',
  '{',
  '[',
  '',
  '/x',
  'Basic a1',
  'bearer a1b2c3d4',
  'a1',
];
const ENDS = ['', '"', "'", ' ', '\\"', ',', '.', '\n', '\r\n'];
const given = fc
  .tuple(
    fc.constantFrom('', ' ', '/', '@', '--', 'max', 'ghp_', 'bearer'),
    ...[NAMES, GIVEN, VALUES, ENDS].map((parts) => fc.constantFrom(...parts)),
  )
  .map((parts) => parts.join(''));

test('a glance at the bytes of a name, of what gives it a value and of that passes over nothing that reading finds', () => {
  holds(
    fc.property(fc.array(given, { minLength: 1, maxLength: 4 }), (parts) => {
      const text = parts.join('');
      const expected: Credential[] = [];
      let offset = 0;
      for (const line of text.split('\n')) {
        for (const { kind, start, end } of credentialsIn(line))
          expected.push({ kind, start: start + offset, end: end + offset });
        offset += line.length + 1;
      }
      assert.deepEqual(credentialsInLines(Buffer.from(text, 'latin1')), expected);
    }),
    { numRuns: 4000 },
  );
});

test('every byte outside of a credential survives, whatever the bytes are', () => {
  const block = (format: LineFormat, contents: readonly Buffer[]) =>
    Buffer.concat(
      contents.flatMap((content) => [
        Buffer.from(format === 'cri' ? `${TIME} stdout F ` : `${TIME} `),
        content,
        Buffer.from('\n'),
      ]),
    );
  holds(
    fc.property(
      fc.array(
        fc.oneof(
          anyBytes.map((bytes) => Buffer.from(bytes)),
          signed.map((text) => Buffer.from(text)),
        ),
      ),
      fc.constantFrom<LineFormat>('cri', 'timestamped'),
      (contents, format) => {
        const bytes = block(format, contents);
        const found = new LineRedactor([]).redact({ bytes, format });
        if (found === undefined) return;
        const [raw, written] = [bytes, Buffer.concat(found.pieces)].map((each) => each.toString('latin1').split('\n'));
        assert.equal(written?.length, raw?.length);
        for (const [index, line] of (raw ?? []).entries()) {
          const now = written?.[index] ?? '';
          assert.ok(now === line || isRedactionOf(Buffer.from(now, 'latin1'), Buffer.from(line, 'latin1')));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a line that holds no sign is handed on as it is', () => {
  holds(
    fc.property(anyBytes, (bytes) => {
      const content = Buffer.from(bytes);
      if (signsOfText(content.toString('latin1'))(0) !== undefined) return;
      assert.equal(
        new LineRedactor([]).redact({
          bytes: Buffer.concat([Buffer.from(`${TIME} `), content, Buffer.from('\n')]),
          format: 'timestamped',
        }),
        undefined,
      );
    }),
  );
});

test('a written line that was another one is not taken for it', () => {
  const is = (written: string, raw: string) => isRedactionOf(Buffer.from(written), Buffer.from(raw));
  assert.ok(is('a [redacted:jwt] b [redacted:named]', 'a x b y'));
  assert.ok(!is('a [redacted:jwt] b', 'a x c'));
  assert.ok(!is('a [redacted:jwt] b [redacted:jwt] c', 'a b c'));
  assert.ok(!is('a', 'b'));
});
