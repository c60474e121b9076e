import assert from 'node:assert/strict';
import type { SentryRow } from '../../../src/sentry/columns.ts';
import type { Fields } from '../../../src/sentry/payload.ts';
import { itemRow, pick } from '../rowing.ts';

const frames = (...all: Fields[]) => ({ stacktrace: { frames: all } });
const IN_APP = { module: 'app.m', function: 'f', in_app: true };
const LIBRARY = { module: 'lib.m', function: 'g', in_app: false };

/** What a payload is called: columns that are expected. */
const TABLE: readonly [string, Fields, Partial<SentryRow>][] = [
  [
    'formatted before the template',
    { logentry: { message: 'a %s', formatted: 'a b' } },
    { message: 'a b', title: 'a b' },
  ],
  ['the template alone', { logentry: { message: 'a %s', params: ['b'] } }, { message: 'a %s' }],
  ['a text', { message: 'plain' }, { message: 'plain' }],
  ['an object', { message: { formatted: 'f' } }, { message: 'f' }],
  ['the old name', { 'sentry.interfaces.Message': { message: 'm' } }, { message: 'm' }],
  [
    'an object where the entry is empty',
    { logentry: { message: null }, message: { formatted: 'f' } },
    { message: 'f' },
  ],
  ['a text where the entry is false', { logentry: false, message: 'm' }, { message: 'm' }],
  ['nothing but blanks', { message: ' \n ' }, { title: '<unlabeled event>' }],
  ['false', { message: false }, { message: undefined, title: '<unlabeled event>' }],
  ['an exception without a message', { exception: [{ type: 'T', value: 'v' }] }, { message: 'T: v', title: 'T: v' }],
  [
    'a message besides an exception',
    { message: 'm', exception: [{ type: 'T', value: 'v' }] },
    { message: 'm', title: 'T: v' },
  ],
  [
    'the last exception',
    { exception: [{ type: 'A' }, { type: 'B', value: 'b\nc' }] },
    { title: 'B: b', type: 'B', value: 'b\nc' },
  ],
  ['an exception without a type', { message: 'm\nn', exception: [{ value: 'v' }] }, { title: 'm', type: undefined }],
  ['a value that is no text', { exception: { type: 'T', value: { a: 1 } } }, { value: '{"a":1}', title: 'T: {"a":1}' }],
  ['blank lines first', { message: '\r\n\n  first \nsecond' }, { title: 'first' }],
  ['the title that Sentry stored', { title: 'stored', message: 'm' }, { title: 'stored', message: 'm' }],
  [
    'a transaction',
    { transaction: '/a', exception: [{ type: 'T', ...frames(IN_APP) }] },
    { culprit: '/a', transaction: '/a' },
  ],
  ['a culprit', { culprit: 'c', transaction: '/a' }, { culprit: 'c' }],
  [
    'the last frame of the application',
    { exception: [{ type: 'T', ...frames(IN_APP, LIBRARY) }] },
    { culprit: 'app.m in f' },
  ],
  [
    'the last frame',
    { exception: [{ type: 'T', ...frames({ filename: 'x.py' }, LIBRARY) }] },
    { culprit: 'lib.m in g' },
  ],
  ['a cause with a stack', { exception: [{ type: 'A', ...frames(IN_APP) }, { type: 'B' }] }, { culprit: 'app.m in f' }],
  [
    'a frame without a module',
    { exception: { type: 'T', ...frames({ filename: 'x.py', in_app: true }) } },
    { culprit: 'x.py in ?' },
  ],
  [
    'native code',
    { platform: 'native', exception: { type: 'T', ...frames({ ...IN_APP, function: 'n' }) } },
    { culprit: 'n' },
  ],
  [
    'a made-up exception',
    { exception: { value: 'v', mechanism: { synthetic: true }, ...frames(IN_APP) } },
    { culprit: undefined },
  ],
  ['the stack of the event', { stacktrace: { frames: [IN_APP] } }, { culprit: 'app.m in f' }],
  ['the address of the request', { request: { url: 'https://x/y' } }, { culprit: 'https://x/y' }],
  ['an id before all else', { user: { ip_address: '10.0.0.1', email: 'e', username: 'n', id: 0 } }, { user_id: '0' }],
  ['a user name', { user: { ip_address: '10.0.0.1', email: 'e', username: 'n', id: '' } }, { user_id: 'n' }],
  ['an e-mail address', { user: { ip_address: '10.0.0.1', email: 'e' } }, { user_id: 'e' }],
  ['an address', { user: { ip_address: '10.0.0.1' } }, { user_id: '10.0.0.1' }],
  ['no address', { user: { ip_address: '{{auto}}' } }, { user_id: undefined }],
  ['a text', { user: 'ann' }, { user_id: 'ann' }],
  [
    'any that is false',
    {
      exception: [
        { type: 'A', mechanism: { handled: false } },
        { type: 'B', mechanism: { handled: true } },
      ],
    },
    { handled: 'false' },
  ],
  [
    'those that are true',
    { exception: [{ type: 'A', mechanism: { handled: true } }, { type: 'B' }] },
    { handled: 'true' },
  ],
  ['none that say', { exception: [{ type: 'A', mechanism: { handled: null } }] }, { handled: undefined }],
];

describe('the words of an event', () => {
  for (const [what, payload, columns] of TABLE) {
    it(`${Object.keys(columns).join(', ')}: ${what}`, () => {
      assert.deepEqual(pick(itemRow('event', payload), ...(Object.keys(columns) as (keyof SentryRow)[])), columns);
    });
  }

  it('are cut as Relay cuts them, with three dots, and no character in two', () => {
    const long = '😀'.repeat(9000);
    const row = itemRow('event', {
      message: long,
      logger: long,
      transaction: long,
      server_name: long,
      release: long,
      environment: long,
      user: { id: long },
      tags: { [long]: long },
      exception: { type: long, value: long },
      sdk: { name: long },
      contexts: { trace: { trace_id: long } },
      culprit: long,
      title: long,
    });
    const most: [keyof SentryRow, number][] = [
      ['message', 8192],
      ['value', 8192],
      ['type', 256],
      ['logger', 64],
      ['environment', 64],
      ['trace_id', 64],
      ['transaction', 200],
      ['release', 200],
      ['culprit', 200],
      ['server_name', 256],
      ['title', 256],
      ['user_id', 256],
      ['sdk', 128],
    ];
    for (const [name, length] of most) {
      const text = row[name]!;
      assert.ok(text.length <= length && text.length >= length - 1, `${name}: ${text.length}`);
      assert.ok(text.endsWith('...') && text.isWellFormed(), name);
    }
    const [[tag, value]] = Object.entries(JSON.parse(row.tags!) as Record<string, string>);
    assert.ok(tag!.length <= 200 && value!.length <= 200 && tag!.endsWith('😀...') && value!.endsWith('😀...'));
    assert.equal(itemRow('event', { message: 'm'.repeat(8192) }).message, 'm'.repeat(8192));
  });

  it('names a tag once where names are alike when they are cut or mended', () => {
    const long = 'n'.repeat(300);
    const tags = { [`${long}1`]: 'a', [`${long}2`]: 'b', '\ud83d': 'c', '\ud83e': 'd', '\ufffd': 'e' };
    const unique = `{"${'n'.repeat(197)}...":"a","\ufffd":"c"}`;
    assert.equal(itemRow('event', { tags }).tags, unique);
    assert.equal(itemRow('log', { body: 'x', attributes: tags }).tags, unique);
  });
});
