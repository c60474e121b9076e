import assert from 'node:assert/strict';
import { seqSource } from '../../src/sources/seq.ts';
import { SourceRun } from './harness.ts';

describe('seq source', () => {
  for (const [batchSize, batches] of [
    ['1', [1, 1, 1, 1, 1, 1, 1]],
    ['3', [3, 3, 1]],
  ] as const) {
    it(`counts up to totalEvents in batches of ${batchSize}`, async () => {
      const run = await new SourceRun(seqSource, { totalEvents: '7', batchSize }).start();
      await run.ended();
      assert.deepEqual(run.out.bodies(), ['0', '1', '2', '3', '4', '5', '6']);
      assert.deepEqual(
        run.out.emitted.map(({ batch }) => batch.length),
        batches,
      );
      assert.equal(run.counters.EventReceivedCount, 0, 'as with Flume');
      assert.equal(run.counters.AppendBatchAcceptedCount, batchSize === '1' ? 0 : batches.length, 'as with Flume');
    });
  }

  it('stops when told to, and goes on where a failed life has left off', async () => {
    const run = new SourceRun(seqSource, {});
    run.out.before = (batch) => {
      if (batch.bodyOf(0).toString() === '3' && run.out.rows === 3) {
        run.out.before = undefined;
        throw new Error('refused');
      }
    };
    await assert.rejects(
      run.start().then(() => run.ended()),
      /refused/,
    );
    const stop = new AbortController();
    const second = run.source.run(run.out, stop.signal);
    await run.out.waitForRows(10);
    stop.abort();
    await second;
    assert.deepEqual(run.out.bodies().slice(0, 6), ['0', '1', '2', '3', '4', '5']);
  });
});
