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
});
