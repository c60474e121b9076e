import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import type { SentryRow } from '../../src/sentry/columns.ts';
import { decoded, type WireRequest, wireRequests } from './envelope/samples.ts';
import { rows } from './rowing.ts';

const RECEIVED = Date.parse('2026-11-23T09:08:30Z');

/** The rows of a request: of an envelope, or of one event for /store/, which raven-node sends as base64. */
function rowsOfRequest(request: WireRequest): SentryRow[] {
  const body = decoded(request);
  if (request.path.includes('/envelope/')) return rows(body, { format: 'envelope', received: RECEIVED });
  const text = body[0] === 0x7b ? body : decodedStore(body);
  return rows(text, { format: 'item', itemType: 'event', received: RECEIVED });
}

function decodedStore(body: Buffer): Buffer {
  return inflateSync(Buffer.from(body.toString(), 'base64'));
}

/** Items that give a row for each thing that is in them. */
const MANY = new Set(['client_report', 'log', 'span', 'trace_metric']);

const ALL = new Map(wireRequests().map((request) => [request.name, rowsOfRequest(request)]));

function only(name: string, itemType: string): SentryRow {
  const found = ALL.get(name)!.filter((row) => row.item_type === itemType);
  assert.equal(found.length, 1);
  return found[0]!;
}

describe('what real SDKs send', () => {
  for (const { name, expected } of wireRequests()) {
    it(`${name} gives a row for every item, dated when it happened`, () => {
      const all = ALL.get(name)!;
      for (const { type, item_count: count } of expected.items) {
        const found = all.filter((row) => row.item_type === type).length;
        const items = expected.items.filter((item) => item.type === type).length;
        if (MANY.has(type)) assert.ok(found >= 1 && (count === undefined || found === count), type);
        else assert.equal(found, items, type);
      }
      for (const row of all) {
        assert.match(row.timestamp!, /^2026-11-23 09:0[4-8]:/);
        if (row.item_type === 'event') assert.match(row.issue_id!, /^v1-[0-9a-f]{32}$/);
      }
    });
  }

  const ERRORS: readonly [string, string, string][] = [
    ['python/01-exception', 'ZeroDivisionError: division by zero', '__main__ in <module>'],
    ['node/03-exception', "TypeError: Cannot read properties of null (reading 'price')", 'node-basic in ?'],
    ['go/02-exception', '*errors.errorString: price list is empty', 'main in main'],
    ['java/06-exception+session+attachment', 'RuntimeException: with attachment', 'App in main'],
    ['raven-python/01-store', "KeyError: 'missing'", '__main__ in <module>'],
  ];
  for (const [name, title, culprit] of ERRORS) {
    it(`${name} is titled as Sentry does`, () => {
      const row = only(name, 'event');
      assert.deepEqual([row.title, row.culprit, row.level, row.release], [title, culprit, 'error', 'shop@1.4.2']);
      assert.equal(row.stacktrace!.split('\n').at(-1), title);
    });
  }

  it('is the same error in both encodings', () => {
    const hash = (name: string) => only(name, 'event').hash;
    assert.equal(hash('python/01-exception'), hash('python/11-exception'));
  });

  it('has the frames of the thread where the exceptions have none', () => {
    const lines = only('rust/01-exception+session', 'event').stacktrace!.split('\n');
    assert.deepEqual(lines.slice(0, 2), ['ParseIntError: invalid digit found in string', '']);
    assert.equal(lines.at(-1), 'Outer: could not read the price');
    assert.ok(lines.length > 10);
  });

  it('are sessions whose updates repeat the id', () => {
    const [first, second] = [only('node/01-session', 'session'), only('node/05-session', 'session')];
    assert.equal(first.session_id, second.session_id);
    assert.deepEqual([first.init, first.status, second.init, second.status], ['true', 'ok', 'false', 'exited']);
  });
});
