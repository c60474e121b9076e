import assert from 'node:assert/strict';
import { newSinkCounters } from '../../src/component/counters.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { ConstantColumn } from '../../src/event/header-columns.ts';
import { loggerSink } from '../../src/sinks/logger.ts';
import { batchOfLines } from '../support/batches.ts';
import { componentContext, memoryLogger } from '../support/context.ts';

async function logged(batch: EventBatch, maxBytesToLog = 16): Promise<string[]> {
  const log = memoryLogger();
  const context = { ...componentContext('k', { log }), counters: newSinkCounters() };
  const sink = loggerSink.create({ maxBytesToLog }, context);
  await sink.open();
  await sink.deliver(batch, new AbortController().signal);
  return log.lines;
}

describe('logger sink', () => {
  it("writes Flume's line for each event", async () => {
    const lines = await logged(
      batchOfLines(
        ['hello', '', 'caf\u00e9\u0000\t\u007f'],
        [new ConstantColumn('b', '2'), new ConstantColumn('a', '1')],
      ),
    );
    assert.deepEqual(lines, [
      'INFO Event: { headers:{a=1, b=2} body: 68 65 6C 6C 6F                                  hello }',
      'INFO Event: { headers:{a=1, b=2} body: }',
      'INFO Event: { headers:{a=1, b=2} body: 63 61 66 C3 A9 00 09 7F                         caf..... }',
    ]);
  });

  it('shows as much of a body as maxBytesToLog says', async () => {
    const body = 'more than sixteen bytes';
    assert.match((await logged(batchOfLines([body])))[0]!, /more than sixtee }$/);
    assert.match((await logged(batchOfLines([body]), 100))[0]!, /more than sixteen bytes }$/);
    assert.equal((await logged(batchOfLines([body]), 0))[0], 'INFO Event: { headers:{} body: }');
  });
});
