import assert from 'node:assert/strict';
import { javaHashCode, javaHashOrder } from '../../src/event/java-hash-order.ts';

describe('order of a Java HashMap', () => {
  it('has the hash codes of Java', () => {
    assert.equal(javaHashCode(''), 0);
    assert.equal(javaHashCode('AaAa'), javaHashCode('BBBB'));
    assert.equal(javaHashCode('timestamp'), 55126294);
    assert.equal(javaHashCode('polygenelubricants'), -2147483648);
  });

  it('puts keys by bucket of the smallest table, and leaves those of one bucket in their order', () => {
    const order = (...names: string[]) => javaHashOrder(names).map((i) => names[i]);
    assert.deepEqual(order('timestamp', 'host', 'level', 'file', 'path'), [
      'host',
      'path',
      'file',
      'level',
      'timestamp',
    ]);
    assert.deepEqual(order('BBBB', 'AaAa'), ['BBBB', 'AaAa']);
    assert.deepEqual(order(), []);
  });

  // The first two are as Flume 1.11 printed them: the static interceptor put zone and datacenter into events with no and with one header of
  // their own. The third is the same map made at once.
  it('begins with 16 buckets for an event without headers, and grows from the smallest table else', () => {
    const order = (copied: number, ...names: string[]) => javaHashOrder(names, copied).map((i) => names[i]);
    assert.deepEqual(order(0, 'zone', 'datacenter'), ['zone', 'datacenter']);
    assert.deepEqual(order(1, 'keya0', 'zone', 'datacenter'), ['keya0', 'zone', 'datacenter']);
    assert.deepEqual(order(3, 'keya0', 'zone', 'datacenter'), ['datacenter', 'keya0', 'zone']);
  });
});
