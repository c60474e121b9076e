import assert from 'node:assert/strict';
import { nullSink } from '../../src/sinks/null.ts';
import { batchOf } from '../support/batches.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { sinkContext, sinkOf } from '../support/sinks.ts';

describe('null sink', () => {
  it('takes batches of any size and says how far it is at every multiple of logEveryNEvents, once a batch', async () => {
    const context = sinkContext(new MemoryFileSystem());
    const sink = sinkOf(nullSink, { logEveryNEvents: 3 }, context);
    await sink.open();
    const two = batchOf([{ body: 'a' }, { body: 'b' }]);
    const seven = batchOf(Array.from({ length: 7 }, () => ({ body: 'c' })));
    await sink.deliver(two, new AbortController().signal);
    assert.equal(context.lines.length, 0);
    await sink.deliver(two, new AbortController().signal);
    await sink.deliver(seven, new AbortController().signal);
    assert.deepEqual(
      context.lines.map((line) => line.message),
      ['Null sink k successful processed 3 events.', 'Null sink k successful processed 9 events.'],
    );
  });
});
