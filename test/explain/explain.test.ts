import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { SluiceError } from '../../src/errors.ts';
import { explainFile } from '../../src/explain/explain.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/sentry');

interface Said {
  readonly out: string;
  readonly err: string;
  readonly unread: boolean;
}

async function explain(file: string, json = false, stdin: Buffer | string = ''): Promise<Said> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const { unread } = await explainFile({ file, json }, { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr });
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { out: text(stdout), err: text(stderr), unread };
}

function sample(name: string): string {
  return join(FIXTURES, name);
}

/** The objects that `--json` prints. */
function objects(out: string): { [key: string]: unknown }[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { [key: string]: unknown });
}

describe('sluice sentry explain', () => {
  it('shows id, title, what decided, each input with where it came from, hash and issue', async () => {
    const file = sample('03-js-browser-typeerror.json');
    const { out, err, unread } = await explain(file);
    assert.deepEqual(out.split('\n'), [
      file,
      '  event       9ec79c33ec9942ab8353589fcb2e04dc',
      `  title       "TypeError: Cannot read properties of undefined (reading 'emoji👩‍👩‍👧‍👦')"`,
      '  decided by  the exceptions; frames of the application alone (app)',
      '  hashed      type      "TypeError"',
      '              function  "onClick"',
      '              function  "n"',
      '  hash        c8b187af0c02f5eb779938adf84d9964',
      '  issue       v1-c8b187af0c02f5eb779938adf84d9964',
      '',
    ]);
    assert.deepEqual([err, unread], ['', false]);
  });

  it('says where parts of a hybrid fingerprint came from', async () => {
    const { out } = await explain(sample('05-node-fingerprint-hybrid.json'));
    assert.match(out, /decided by {2}the fingerprint that the application has set/);
    assert.match(out, /\n {14}fingerprint, \{\{ transaction \}\} {2}"GET \/v1\/users\/:id"\n/);
    assert.match(out, /value, parameterised {12}"connect ECONNREFUSED <ip>:<int>"\n/);
  });

  it('shows some of very many inputs, and all with --json', async () => {
    const { out } = await explain(sample('12-python-200-frames.json'));
    assert.match(out, /… and 541 more \(--json shows all\)\n/);
    assert.equal(out.split('\n').length, 68);
    const [all] = objects((await explain(sample('12-python-200-frames.json'), true)).out);
    assert.equal((all!['inputs'] as unknown[]).length, 601);
    assert.deepEqual((all!['inputs'] as unknown[])[1], { from: 'module', text: 'app.tree' });
  });

  it("reads lines of the topic events, with Sentry's own ids; other operations are named", async () => {
    const file = sample('kafka-events-topic.jsonl');
    const { out, err, unread } = await explain(file);
    assert.match(out, /kafka-events-topic\.jsonl, line 2\n/);
    assert.match(out, /\n {2}issue {7}77, Sentry's own\n {2}in Sentry {3}hash a{32}\n/);
    assert.match(err, /line 3: no event but an operation on issues: end_merge\n/);
    assert.equal(unread, false);
    const found = objects((await explain(file, true)).out);
    assert.deepEqual(
      found.map(({ place, issue_id, sentry }) => ({ place, issue_id, sentry })),
      [
        { place: 'line 1', issue_id: '77', sentry: { issue_id: '77', hash: 'a'.repeat(32) } },
        { place: 'line 2', issue_id: '78', sentry: { issue_id: '78', hash: 'b'.repeat(32) } },
      ],
    );
  });

  it('reads every event of an envelope, and names the items that are none', async () => {
    const two = objects((await explain(sample('bad6-two-events.envelope'), true)).out);
    assert.deepEqual(
      two.map(({ place, event_id, title }) => [place, event_id, title]),
      [
        ['item 1', '06'.repeat(16), 'one'],
        ['item 2', '06'.repeat(16), 'two'],
      ],
    );
    const { out, err, unread } = await explain(sample('e01-python-event-attachment.envelope'));
    assert.match(out, /hash {8}7ad3c06fdc4cb81156395c2c3a37d54d/);
    assert.match(err, /items that are not grouped: attachment/);
    assert.equal(unread, false);
  });

  it('reads many events, one a line, whatever their types are called', async () => {
    const event = readFileSync(sample('07-go-panic-bare-arrays.json'), 'utf8').trim();
    const { out, err } = await explain('-', true, `${event}\n\n${event}\n`);
    assert.deepEqual(
      objects(out).map(({ place, hash }) => [place, hash]),
      [
        ['line 1', 'd46931fb87e5d78a0d6c9f3a73ebe08c'],
        ['line 3', 'd46931fb87e5d78a0d6c9f3a73ebe08c'],
      ],
    );
    assert.equal(err, '');
    const mixed = await explain('-', true, `${event}\n{"type":"session"}\n`);
    assert.equal(objects(mixed.out).length, 1);
    assert.match(mixed.err, /line 2: it is JSON, but no event of Sentry/);
  });

  it("reads webhooks, a report of a browser, a list, docker's wrapper and a body with NaN", async () => {
    const event = readFileSync(sample('07-go-panic-bare-arrays.json'), 'utf8').trim();
    const hashes = async (text: string): Promise<unknown[]> =>
      objects((await explain('-', true, text)).out).map(({ hash }) => hash);
    const go = 'd46931fb87e5d78a0d6c9f3a73ebe08c';
    assert.deepEqual(await hashes(readFileSync(sample('webhook-error-created.json'), 'utf8')), [
      '7ad3c06fdc4cb81156395c2c3a37d54d',
    ]);
    assert.deepEqual(await hashes(`[${event},${event}]`), [go, go]);
    assert.deepEqual(
      await hashes(JSON.stringify({ log: `${event}\n`, stream: 'stdout', time: '2026-11-23T00:00:00Z' })),
      [go],
    );
    const report = { 'csp-report': { 'violated-directive': 'img-src', 'blocked-uri': 'https://evil.example/x.png' } };
    const [csp] = objects((await explain('-', true, JSON.stringify(report))).out);
    assert.deepEqual(csp!['inputs'], [
      { from: 'directive', text: 'img-src' },
      { from: 'what was blocked', text: 'evil.example' },
    ]);
    assert.equal((await explain(sample('20-legacy-nan-infinity.store'))).unread, false);
  });

  it('says of what it cannot read what it is, where, and what to give', async () => {
    const event = '{"event_id":"06060606060606060606060606060606","message":"m"}';
    const cases: readonly [string, RegExp][] = [
      ['', /it is empty\. Give an event as JSON, an envelope/],
      [' \n', /it is empty/],
      [
        'Traceback (most recent call last):\n  File',
        /it is not JSON: line 1, column 1: a value must stand here\. Give an event as JSON/,
      ],
      ['{\n "message": "x",\n "a": \n}\n', /it is not JSON: line 4, column 1: a value must stand here/],
      ['7', /it is JSON, but no object/],
      ['[]', /an empty list/],
      ['{"a":1}', /no event of Sentry/],
      [`${event}\nnot JSON\n`, /line 2: it is not JSON: byte 62 of the file and on, column 1: a value must stand here/],
      ['{"event_id":"x","hash":"h","issue_id":"v1-h","title":"t","stacktrace":"at"}', /it is a row of a table/],
      ['{"event_id":"06060606060606060606060606060606"}\n{"type":"event","length":99}\n{}', /begins as an envelope/],
      ['{"event_id":"06060606060606060606060606060606"}\nnot JSON\n{}', /envelope .*invalid item header/],
      ['{"event_id":"06060606060606060606060606060606"}\n{"type":"event"}\n[]', /the payload is no JSON object/],
      ['{"event_id":"06060606060606060606060606060606"}\n{"type":"session"}\n{}', /no event in it that is grouped/],
    ];
    for (const [text, expected] of cases) {
      const { err, unread } = await explain('-', false, text);
      assert.match(err, expected, text);
      assert.match(err, /^(sluice: )?the standard input/, text);
      assert.equal(unread, true, text);
    }
  });

  it('says of a compressed file how to read it', async () => {
    const { err, unread } = await explain(sample('e01.envelope.gz'));
    assert.match(err, /it is compressed\. Give what it holds: `zcat FILE/);
    assert.equal(unread, true);
  });

  it('reads on behind a line that it cannot read, and counts many of them', async () => {
    const event = '{"event_id":"06060606060606060606060606060606","message":"m"}';
    const { out, err, unread } = await explain('-', true, `${event}\n${'broken\n'.repeat(50)}${event}\n`);
    assert.equal(objects(out).length, 2);
    assert.match(err, /30 more could not be read/);
    assert.equal(err.split('\n').length, 22);
    assert.equal(unread, true);
  });

  it('lets nothing of an event reach the terminal that it would obey', async () => {
    const event = { event_id: '06'.repeat(16), message: 'a\u001b[2J\u009b31m\u202eb\ud800' };
    const { out } = await explain('-', false, JSON.stringify(event));
    assert.ok([...out].every((char) => char === '\n' || (char >= ' ' && !/[\x7f-\x9f\u202e]/.test(char))));
  });

  it('throws of a file that is not there, or is a directory', async () => {
    const dir = makeTempDir('sluice-explain-');
    await assert.rejects(explain(join(dir, 'none.json')), (error) => {
      return error instanceof SluiceError && error.code === 'FILE_NOT_FOUND' && error.message.includes('none.json');
    });
    await assert.rejects(explain(dir), /is a directory/);
    writeFileSync(join(dir, 'bom.json'), '\ufeff{"message":"m","event_id":"06060606060606060606060606060606"}');
    assert.equal((await explain(join(dir, 'bom.json'))).unread, false);
  });
});
