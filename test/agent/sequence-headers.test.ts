import assert from 'node:assert/strict';
import { SequenceHeaders } from '../../src/agent/sequence-headers.ts';
import { SourceRunner } from '../../src/agent/source-runner.ts';
import { memory } from '../../src/channels/memory.ts';
import { newChannelCounters, newSourceCounters } from '../../src/component/counters.ts';
import type { Source } from '../../src/component/source.ts';
import { ConstantColumn, NumberColumn } from '../../src/event/header-columns.ts';
import { bind } from '../../src/options/bind.ts';
import { batchOf, batchOfLines, rowsOf } from '../support/batches.ts';
import { componentContext, FakeClock, memoryLogger } from '../support/context.ts';

const never = new AbortController().signal;

describe('headers that name an event', () => {
  it('count the events of a source that does not say where they come from, by one number for its life', () => {
    const headers = new SequenceHeaders('a1', 'r1', 1_700_000_000_000);
    const first = rowsOf(headers.add(batchOfLines(['a', 'b']), undefined));
    const second = rowsOf(headers.add(batchOfLines(['c']), undefined));
    assert.deepEqual(
      [...first, ...second].map((row) => row.headers['sluice.sequence']),
      ['0', '1', '2'],
    );
    assert.deepEqual(new Set([...first, ...second].map((row) => row.headers['sluice.agent'])), new Set(['a1/r1']));
    const epochs = new Set([...first, ...second].map((row) => row.headers['sluice.epoch']));
    assert.equal(epochs.size, 1);
    assert.match([...epochs][0]!, /^1700000000000-[0-9a-f]{8}$/);
  });

  it('never share an epoch between two lives, or before and after a change of the configuration', () => {
    const epochs = Array.from({ length: 50 }, () => {
      const headers = new SequenceHeaders('a1', 'r1', 7);
      return headers.add(batchOfLines(['a']), undefined).header('sluice.epoch')?.constant;
    });
    assert.equal(new Set(epochs).size, 50);
  });

  it('are those of the origin, for a source that reads again', () => {
    const origin = { epoch: '8:15-x', sequences: Float64Array.of(0, 2 ** 40) };
    const [first, second] = rowsOf(new SequenceHeaders('a1', 'r1', 7).add(batchOfLines(['a', 'b']), origin));
    assert.deepEqual(first?.headers, { 'sluice.agent': 'a1/r1', 'sluice.epoch': '8:15-x', 'sluice.sequence': '0' });
    assert.equal(second?.headers['sluice.sequence'], `${2 ** 40}`);
  });

  it('are columns: one value, or numbers', () => {
    const batch = new SequenceHeaders('a1', 'r1', 7).add(
      batchOfLines(['a', 'b'], [new ConstantColumn('x', 'y')]),
      undefined,
    );
    assert.deepEqual(
      batch.headers.map((column) => column.name),
      ['x', 'sluice.agent', 'sluice.epoch', 'sluice.sequence'],
    );
    assert.ok(batch.headers[1] instanceof ConstantColumn);
    assert.ok(batch.headers[2] instanceof ConstantColumn);
    assert.ok(batch.headers[3] instanceof NumberColumn);
  });

  it('stay as they are on events that come with them from another agent', () => {
    const theirs = { 'sluice.agent': 'b/q', 'sluice.epoch': 'e', 'sluice.sequence': '42' };
    const rows = rowsOf(
      new SequenceHeaders('a1', 'r1', 7).add(batchOf([{ headers: theirs, body: 'old' }, { body: 'new' }]), undefined),
    );
    assert.deepEqual(rows[0]?.headers, theirs);
    assert.equal(rows[1]?.headers['sluice.agent'], 'a1/r1');
    assert.equal(rows[1]?.headers['sluice.sequence'], '1');
  });

  it('are there before the interceptors, go through filters with their rows, and come again after a rollback', async () => {
    const { values } = bind(memory, new Map(), 'channel c', () => ({ known: [] }));
    const channel = memory.create(values, { ...componentContext('c'), counters: newChannelCounters(0) });
    const source: Source = {
      run: async (out) => {
        assert.equal(out.wantsOrigin, true);
        await out.emit(batchOfLines(['a', 'b', 'c', 'd']));
      },
    };
    let seen: (string | undefined)[] = [];
    const runner = new SourceRunner({
      name: 'r1',
      source,
      interceptors: [
        {
          intercept: (batch) => {
            seen = rowsOf(batch).map((row) => row.headers['sluice.sequence']);
            const rows = Uint32Array.of(1, 3);
            return { batch: batch.select(rows), rows };
          },
        },
      ],
      selector: { route: () => [{ channel: 'c', required: true }] },
      channels: new Map([['c', channel]]),
      replays: false,
      sequenceHeaders: new SequenceHeaders('a1', 'r1', 7),
      counters: newSourceCounters(),
      clock: new FakeClock(),
      log: memoryLogger(),
    });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(seen, ['0', '1', '2', '3']);
    const first = await channel.take(10, never);
    const before = rowsOf(first!.batch);
    first!.rollback();
    const again = await channel.take(1, never);
    assert.deepEqual(rowsOf(again!.batch), before.slice(0, 1));
    assert.deepEqual(
      before.map(({ body, headers }) => [body, headers['sluice.sequence']]),
      [
        ['b', '1'],
        ['d', '3'],
      ],
    );
    again!.commit();
  });
});
