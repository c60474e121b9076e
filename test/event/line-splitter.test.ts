import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type LinePiece, type LineRules, LineSplitter } from '../../src/event/line-splitter.ts';

interface Result {
  lines: string[];
  offsets: number[];
  long: number[];
  /** The offset of what was not yet a line. */
  lineStart: number;
  delimiters: number[];
}

/** Feeds the pieces of a stream and gives what came out, lines as latin1. */
function split(chunks: readonly Buffer[], rules: Partial<LineRules> = {}, finish = false): Result {
  const result: Result = { lines: [], offsets: [], long: [], lineStart: 0, delimiters: [] };
  const splitter = new LineSplitter({
    maxLength: 1 << 20,
    longLine: 'cut',
    bareCr: false,
    onLongLine: (offset) => result.long.push(offset),
    ...rules,
  });
  const take = (piece: LinePiece): void => {
    const rows = splitter.rows(piece);
    result.delimiters.push(rows.delimiter);
    rows.starts.forEach((start, i) => {
      result.lines.push(piece.bytes.toString('latin1', start, rows.ends[i]));
      result.offsets.push(piece.offset + start);
    });
  };
  // Some go into the buffer of those before them, as an exec source reads a pipe.
  let last = splitter.prepare(0);
  for (const chunk of chunks) {
    const behind = splitter.prepareBehind(last.buffer, last.from);
    if (behind.buffer.length - behind.from >= chunk.length) last = behind;
    else last = splitter.prepare(chunk.length + (chunk.length % 2) * 100);
    last.from += chunk.copy(last.buffer, last.from);
    splitter.push(last.buffer, last.from).forEach(take);
  }
  result.lineStart = splitter.lineStart;
  const rest = finish ? splitter.finish() : undefined;
  if (rest) take(rest);
  return result;
}

/** The same by a regular expression over the whole. */
function naive(text: string, bareCr: boolean): { lines: string[]; offsets: number[]; rest: string } {
  const lines: string[] = [];
  const offsets: number[] = [];
  const pattern = bareCr ? /([^\r\n]*)(?:\r\n|\r|\n)/y : /([^\n]*?)\r?\n/y;
  let at = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    lines.push(match[1]);
    offsets.push(at);
    at = pattern.lastIndex;
  }
  return { lines, offsets, rest: text.slice(at) };
}

const soup = fc
  .array(fc.constantFrom('\n', '\n', '\r', '\r\n', 'a', 'bc', '\0', 'é', 'line of some length', 'x'.repeat(100)), {
    maxLength: 60,
  })
  .map((parts) => Buffer.from(parts.join('')));

const chunked = soup.chain((bytes) =>
  fc.array(fc.nat(bytes.length), { maxLength: 12 }).map((cuts) => {
    const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
    return { bytes, chunks: at.slice(1).map((end, i) => bytes.subarray(at[i], end)) };
  }),
);

describe('line splitter', () => {
  for (const bareCr of [false, true]) {
    it(`gives the lines of a naive splitter for any chunking (${bareCr ? 'a CR ends a line' : 'only LF ends a line'})`, () => {
      fc.assert(
        fc.property(chunked, ({ bytes, chunks }) => {
          const text = bytes.toString('latin1');
          const expected = naive(text, bareCr);
          const seen = split(chunks, { bareCr }, true);
          const lines = expected.rest === '' ? expected.lines : [...expected.lines, expected.rest];
          assert.deepEqual(seen.lines, lines);
          assert.deepEqual(seen.offsets.slice(0, expected.offsets.length), expected.offsets);
          assert.deepEqual(seen.long, []);
        }),
        { numRuns: 2000 },
      );
    });

    it(`cuts long lines alike for any chunking (${bareCr ? 'a CR ends a line' : 'only LF ends a line'})`, () => {
      fc.assert(
        fc.property(chunked, fc.integer({ min: 4, max: 30 }), ({ bytes, chunks }, maxLength) => {
          const expected = naive(bytes.toString('latin1'), bareCr);
          const cut = split(chunks, { bareCr, maxLength });
          assert.equal(cut.lines.length, expected.lines.length);
          const long: number[] = [];
          expected.lines.forEach((line, i) => {
            assert.equal(cut.offsets[i], expected.offsets[i]);
            if (line.length <= maxLength) {
              assert.equal(cut.lines[i], line);
              return;
            }
            long.push(expected.offsets[i]);
            assert.ok(line.startsWith(cut.lines[i]));
            assert.ok(cut.lines[i].length <= maxLength && cut.lines[i].length > maxLength - 4);
          });
          // A line that has not ended yet is reported as soon as it is too long.
          const unfinished = cut.long.filter((offset) => offset >= cut.lineStart);
          assert.deepEqual(
            cut.long.filter((offset) => !unfinished.includes(offset)).sort((a, b) => a - b),
            long,
          );
          assert.ok(unfinished.length <= 1);
          const skipped = split(chunks, { bareCr, maxLength, longLine: 'skip' });
          assert.deepEqual(
            skipped.lines,
            expected.lines.filter((line) => line.length <= maxLength),
          );
        }),
        { numRuns: 2000 },
      );
    });
  }

  it('promises the delimiter only where rows lie back to back with it', () => {
    assert.deepEqual(split([Buffer.from('a\nb\n')]).delimiters, [10]);
    assert.deepEqual(split([Buffer.from('a\r\nb\n')]).delimiters, [-1]);
    assert.deepEqual(split([Buffer.from('abcdefgh\nb\n')], { maxLength: 4 }).delimiters, [-1]);
  });

  it('keeps the position at the start of the unfinished line, however long it is', () => {
    const seen = split([Buffer.from('one\ntw'), Buffer.from('o'.repeat(100)), Buffer.from('oo')], { maxLength: 50 });
    assert.deepEqual(seen.lines, ['one']);
    assert.equal(seen.lineStart, 4);
    assert.deepEqual(seen.long, [4]);
  });

  it('cuts at a UTF-8 boundary and leaves the next line intact', () => {
    const seen = split([Buffer.from(`aa${'🎉'.repeat(10)}\nnext\n`)], { maxLength: 8 });
    assert.deepEqual(
      seen.lines.map((line) => Buffer.from(line, 'latin1').toString()),
      ['aa🎉', 'next'],
    );
  });

  it('holds no more than the longest line allowed while a line does not end', () => {
    const chunk = Buffer.alloc(1 << 20, 'x');
    const splitter = new LineSplitter({ maxLength: 1 << 20, longLine: 'cut', bareCr: false, onLongLine: () => {} });
    for (let i = 0; i < 64; i++) {
      const { buffer, from } = splitter.prepare(1 << 20);
      assert.ok(from <= 32 << 10);
      chunk.copy(buffer, from);
      assert.deepEqual(splitter.push(buffer, from + (1 << 20)), []);
    }
    assert.equal(splitter.offset, 64 << 20);
    assert.equal(splitter.lineStart, 0);
    const end = splitter.prepare(5);
    end.buffer.write('y\nz', end.from);
    const [piece] = splitter.push(end.buffer, end.from + 3);
    assert.equal(piece.bytes.length, 1 << 20);
    assert.equal(piece.end, splitter.offset - 1);
  });
});
