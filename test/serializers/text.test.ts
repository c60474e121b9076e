import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Serializer } from '../../src/component/serializer.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';

const bodies = fc.array(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)));

function written(serializer: Serializer, batch: ReturnType<typeof batchOf>, from = 0, to = batch.length): Buffer {
  return Buffer.concat(serializer.rows(batch, from, to));
}

describe('serializer TEXT', () => {
  it('hands lines of a file on as one slice of the very bytes that were read', () => {
    const batch = batchOfLines(['one', '', 'three']);
    const chunks = serializerOf(text).rows(batch, 0, 3);
    assert.equal(chunks.length, 1);
    assert.equal(chunks[0]!.toString(), 'one\n\nthree\n');
    assert.equal(chunks[0]!.buffer, batch.body.buffer);
    assert.equal(written(serializerOf(text), batch, 1, 2).toString(), '\n');
  });

  it('adds the line feed where the bodies lie otherwise, in one Buffer for all', () => {
    const batch = batchOf([{ body: 'one' }, { body: '' }, { body: 'th\nree' }]);
    const chunks = serializerOf(text).rows(batch, 0, 3);
    assert.equal(chunks.length, 1);
    assert.equal(chunks[0]!.toString(), 'one\n\nth\nree\n');
  });

  it('replaces another delimiter by a line feed', () => {
    const batch = batchOfLines(['a', 'b'], [], 0);
    assert.equal(written(serializerOf(text), batch).toString(), 'a\nb\n');
  });

  it('writes the same for any rows that a filter has left', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.boolean()), (lines, kept) => {
        const rows = Uint32Array.from(lines.keys()).filter((row) => kept[row] ?? false);
        const expected = [...rows].map((row) => `${lines[row]!.toString('latin1')}\n`).join('');
        const batch = batchOfLines(lines).select(rows);
        assert.equal(written(serializerOf(text), batch).toString('latin1'), expected);
      }),
    );
  });

  it('writes only the bodies without appendNewline', () => {
    fc.assert(
      fc.property(bodies, (lines) => {
        const serializer = serializerOf(text, { appendNewline: false });
        assert.deepEqual(written(serializer, batchOfLines(lines)), Buffer.concat(lines));
      }),
    );
  });
});
