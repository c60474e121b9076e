import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Refusal } from '../../../src/rpc/http/refusal.ts';
import { boundaryOf, readParts } from '../../../src/sources/sentry/multipart.ts';

const part = (head: string, body: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const read = (text: string) =>
  readParts(Buffer.from(text, 'latin1'), 'b').map(({ name, filename, contentType, bytes }) => [
    name,
    filename,
    contentType,
    bytes.toString('latin1'),
  ]);

describe('forms in parts', () => {
  it('are read byte for byte', () => {
    const form = `preamble\r\n${part('name="a"', 'x\r\n--c\n\0')}${part('name=b; filename="f \\"1\\".txt"', '')}--b--\r\nrest`;
    assert.deepEqual(read(form), [
      ['a', undefined, undefined, 'x\r\n--c\n\0'],
      ['b', 'f "1".txt', undefined, ''],
    ]);
    const typed =
      '--b\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name="n"; filename="f"\r\n\r\nx\r\n--b--';
    assert.deepEqual(read(typed), [['n', 'f', 'text/plain', 'x']]);
    // Some writers leave out the line end of an empty part.
    assert.deepEqual(read('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n--b--'), [
      ['a', undefined, undefined, ''],
    ]);
    assert.deepEqual(read(`--b\r\nX: 1\r\n\r\nno name\r\n${part('name="a"', 'x')}--b--`), [
      ['a', undefined, undefined, 'x'],
    ]);
    assert.deepEqual(read('--b--'), []);
  });

  it('have a boundary in their Content-Type', () => {
    assert.equal(boundaryOf('multipart/form-data; boundary=abc'), 'abc');
    assert.equal(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b;c"; x=1'), 'a b;c');
    for (const type of [
      undefined,
      '',
      'application/octet-stream',
      'multipart/form-data',
      'multipart/mixed; boundary=x',
    ]) {
      assert.equal(boundaryOf(type), undefined, type);
    }
  });

  it('are refused when they are cut off, without a boundary, or too many', () => {
    const form = `${part('name="a"', 'xy')}${part('name="b"', 'z')}--b--`;
    for (let cut = 0; cut < form.length; cut++) {
      assert.throws(() => read(form.slice(0, cut)), Refusal, `cut at ${cut}`);
    }
    assert.throws(() => read('x'), Refusal);
    assert.throws(() => read(`${part('name="a"', '').repeat(201)}--b--`), /more than 200/);
    assert.throws(() => read(`--b\r\n${'x'.repeat(20_000)}\r\n\r\n\r\n--b--`), /without a head/);
  });

  it('are read in the time that their length takes', () => {
    // Blanks within a value: what tried each of them as its end took 0.3 s a part.
    const blanks = `--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: x${' '.repeat(15_000)}y\r\n\r\n\r\n`;
    const parts = readParts(Buffer.from(`${blanks.repeat(200)}--b--`), 'b');
    assert.equal(parts.length, 200);
    assert.equal(parts[0]?.contentType?.length, 15_002);
    assert.deepEqual(read('--b\r\nContent-Type: \r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--b--'), [
      ['a', undefined, undefined, ''],
    ]);
    assert.throws(
      () => readParts(Buffer.concat([Buffer.from('--b\n'), Buffer.alloc(100 << 20, '\r')]), 'b'),
      /without a head/,
    );
  });

  it('give parts or a refusal for any bytes', () => {
    const piece = fc.constantFrom(
      '--b',
      '\r\n',
      '--',
      'Content-Disposition: form-data; name="a"',
      '\r\n\r\n',
      'x',
      '\0',
      '"',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          read(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
