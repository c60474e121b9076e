import assert from 'node:assert/strict';
import { EventBatch } from '../../src/event/event-batch.ts';
import { freeBatch } from '../../src/event/free-batch.ts';

describe('freeBatch', () => {
  it('gives the memory back at once', () => {
    const body = Buffer.allocUnsafeSlow(1 << 20);
    const batch = new EventBatch({ body, starts: Uint32Array.of(0), ends: Uint32Array.of(5) });
    freeBatch(batch);
    assert.equal(body.length, 0);
  });

  it('leaves the pool of small Buffers alone', () => {
    const neighbour = Buffer.from('neighbour');
    const body = Buffer.from('small');
    freeBatch(new EventBatch({ body, starts: Uint32Array.of(0), ends: Uint32Array.of(5) }));
    assert.equal(neighbour.toString(), 'neighbour');
    assert.equal(body.toString(), 'small');
  });
});
