import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBatches } from '../../src/event/concat.ts';
import { EventBatch } from '../../src/event/event-batch.ts';
import { ConstantColumn, NumberColumn, parseWhole, TextColumn } from '../../src/event/header-columns.ts';
import { setHeader } from '../../src/event/set-header.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';

describe('EventBatch', () => {
  it('hands back-to-back rows on as the very bytes that were read', () => {
    const batch = batchOfLines(['one', '', 'three']);
    assert.equal(batch.run(0, 3, 0x0a)?.toString(), 'one\n\nthree\n');
    assert.equal(batch.run(1, 2, 0x0a)?.toString(), '\n');
    assert.equal(batch.run(0, 3, 0x0d), undefined);
    assert.equal(batch.run(0, 3, 0x0a)?.buffer, batch.body.buffer);
  });

  it('keeps the promise of the delimiter in a slice, and in a selection only where rows stay neighbours', () => {
    const batch = batchOfLines(['a', 'b', 'c', 'd']);
    assert.equal(batch.slice(1, 3).run(0, 2, 0x0a)?.toString(), 'b\nc\n');
    assert.equal(batch.select(Uint32Array.of(1, 2)).run(0, 2, 0x0a)?.toString(), 'b\nc\n');
    assert.equal(batch.select(Uint32Array.of(1, 3)).run(0, 2, 0x0a), undefined);
  });

  it('counts body bytes alike with and without the promise', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), fc.nat(), (lines, a, b) => {
        const batch = batchOfLines(lines.map((line) => line.replaceAll('\n', '')));
        const from = Math.min(a, b) % (lines.length + 1);
        const to = Math.max(from, Math.max(a, b) % (lines.length + 1));
        const plain = new EventBatch({ body: batch.body, starts: batch.starts, ends: batch.ends });
        assert.equal(batch.bodyBytes(from, to), plain.bodyBytes(from, to));
      }),
    );
  });

  it('knows which headers its events were born with, through slices, further headers and joining', () => {
    const one = batchOfLines(['a', 'b'], [new ConstantColumn('x', '1')]).withHeader(new ConstantColumn('added', '1'));
    const other = batchOfLines(['c'], [new ConstantColumn('y', '1')]).withHeader(new ConstantColumn('added', '1'));
    const joined = concatBatches([one.slice(1, 2), other.compact()]);
    assert.deepEqual(
      joined.headers.map((column) => column.name),
      ['x', 'y', 'added'],
    );
    assert.equal(joined.bornWith, 2);
    assert.equal(one.select(Uint32Array.of(1)).bornWith, 1);
    assert.equal(batchOfLines(['a']).withHeader(new ConstantColumn('x', '1')).bornWith, 0);
  });

  it('shares the retained bytes among slices without losing any', () => {
    const batch = batchOfLines(['a', 'b', 'c']);
    const sum = [0, 1, 2].reduce((total, i) => total + batch.slice(i, i + 1).retainedBytes, 0);
    assert.ok(sum >= batch.retainedBytes);
  });

  it('still accounts for the whole Buffer after a selection, and for the rows alone after compact', () => {
    const batch = batchOfLines(Array.from({ length: 100 }, (_, i) => `line ${i}`));
    const one = batch.select(Uint32Array.of(5));
    assert.equal(one.retainedBytes, batch.retainedBytes);
    assert.ok(one.compact().retainedBytes < 100);
    assert.deepEqual(rowsOf(one.compact()), rowsOf(one));
  });

  it('joins batches: bodies and headers of every row stay as they were', () => {
    const header = fc.option(fc.string(), { nil: undefined });
    const row = fc.record({ body: fc.uint8Array({ maxLength: 20 }), a: header, b: header });
    const batch = fc.array(row, { minLength: 1, maxLength: 5 }).map((rows) => {
      const body = Buffer.concat(rows.map((each) => each.body));
      const starts = new Uint32Array(rows.length);
      const ends = new Uint32Array(rows.length);
      let at = 0;
      rows.forEach((each, i) => {
        starts[i] = at;
        at += each.body.length;
        ends[i] = at;
      });
      const headers = [
        new TextColumn(
          'a',
          rows.map((each) => each.a),
        ),
        rows[0]!.b === undefined
          ? new NumberColumn(
              'n',
              Float64Array.from(rows, () => 7),
            )
          : new ConstantColumn('b', rows[0]!.b),
      ];
      return new EventBatch({ body, starts, ends, headers });
    });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 5 }), (batches) => {
        assert.deepEqual(rowsOf(concatBatches(batches)), batches.flatMap(rowsOf));
      }),
    );
  });
});

describe('header columns', () => {
  it('read whole numbers as Java does, and nothing else', () => {
    assert.equal(parseWhole('1700000000000'), 1_700_000_000_000);
    assert.equal(parseWhole('-5'), -5);
    for (const text of ['', ' 1', '1.0', '1e3', '0x10', 'abc', '1'.repeat(30), undefined]) {
      assert.ok(Number.isNaN(parseWhole(text)), `${text}`);
    }
  });

  it('slice and select alike, whatever they hold', () => {
    const columns = [
      new ConstantColumn('c', 'x'),
      new NumberColumn('n', Float64Array.of(1, Number.NaN, 3, 4)),
      new TextColumn('t', ['a', undefined, 'c', 'd']),
    ];
    for (const column of columns) {
      const all = [0, 1, 2, 3].map((row) => column.value(row));
      assert.deepEqual(
        [0, 1].map((row) => column.slice(1, 3).value(row)),
        all.slice(1, 3),
      );
      assert.deepEqual(
        [0, 1].map((row) => column.slice(1, 4).slice(1, 3).value(row)),
        all.slice(2, 4),
      );
      assert.deepEqual(
        [0, 1].map((row) => column.select(Uint32Array.of(0, 3)).value(row)),
        [all[0], all[3]],
      );
    }
  });

  it('are set for every row, or only where missing', () => {
    const batch = batchOfLines(['a', 'b']).withHeader(new TextColumn('h', ['old', undefined]));
    assert.deepEqual(
      rowsOf(setHeader(batch, 'h', 'new', false)).map(({ headers }) => headers['h']),
      ['new', 'new'],
    );
    assert.deepEqual(
      rowsOf(setHeader(batch, 'h', 'new', true)).map(({ headers }) => headers['h']),
      ['old', 'new'],
    );
  });
});
