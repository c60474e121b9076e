import assert from 'node:assert/strict';
import type { Declaration } from '../../src/component/declaration.ts';
import { TextColumn } from '../../src/event/header-columns.ts';
import { host } from '../../src/interceptors/host.ts';
import { staticInterceptor } from '../../src/interceptors/static.ts';
import { timestamp } from '../../src/interceptors/timestamp.ts';
import { bind } from '../../src/options/bind.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';
import { componentContext, FakeClock } from '../support/context.ts';

/** The headers of two rows, of which the first has `host`, `key` and `timestamp` already. */
function headersAfter(
  declaration: Declaration<'interceptor'>,
  settings: Record<string, string>,
): Record<string, string>[] {
  const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
  const { values, problems } = bind(declaration, raw, 'interceptor i', () => ({ known: [] }));
  assert.deepEqual(problems, []);
  const interceptor = declaration.create(
    values,
    componentContext('i', {
      clock: new FakeClock(1_700_000_000_123),
      host: { name: 'box', address: '10.0.0.7', canonicalName: 'box.example' },
    }),
  );
  const batch = batchOfLines(
    ['a', 'b'],
    ['host', 'key', 'timestamp'].map((name) => new TextColumn(name, ['old', undefined])),
  );
  const { batch: after, rows } = interceptor.intercept(batch);
  assert.equal(rows, undefined);
  return rowsOf(after).map(({ headers }) => headers);
}

describe('interceptor timestamp', () => {
  it('sets the time at which the event came by', () => {
    const [first, second] = headersAfter(timestamp, {});
    assert.equal(first!['timestamp'], '1700000000123');
    assert.equal(second!['timestamp'], '1700000000123');
  });

  it('leaves events alone that have the header, when told to, and takes another name', () => {
    const [first, second] = headersAfter(timestamp, { preserveExisting: 'true' });
    assert.equal(first!['timestamp'], 'old');
    assert.equal(second!['timestamp'], '1700000000123');
    assert.equal(headersAfter(timestamp, { headerName: 'at' })[0]!['at'], '1700000000123');
  });
});

describe('interceptor host', () => {
  it('sets the address, or the name', () => {
    assert.equal(headersAfter(host, {})[0]!['host'], '10.0.0.7');
    assert.equal(headersAfter(host, { useIP: 'false', hostHeader: 'from' })[0]!['from'], 'box.example');
    assert.equal(headersAfter(host, { preserveExisting: 'true' })[0]!['host'], 'old');
  });
});

describe('interceptor static', () => {
  it('sets one header, but by default not over one that is there', () => {
    const [first, second] = headersAfter(staticInterceptor, {});
    assert.equal(first!['key'], 'old');
    assert.equal(second!['key'], 'value');
    const [over] = headersAfter(staticInterceptor, { key: 'key', value: 'new', preserveExisting: 'false' });
    assert.equal(over!['key'], 'new');
  });

  it('takes what is neither true nor false for false, as Flume, and says so', () => {
    const raw = new Map([['preserveExisting', { text: 'yes' }]]);
    const { values, problems } = bind(staticInterceptor, raw, 'interceptor i', () => ({ known: [] }));
    assert.equal(values['preserveExisting'], false);
    assert.deepEqual(
      problems.map(({ severity, message }) => `${severity}: ${message}`),
      ['warning: preserveExisting: "yes" is neither true nor false; false is used'],
    );
  });
});
