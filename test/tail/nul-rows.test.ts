import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withoutHoles } from '../../src/tail/nul-rows.ts';

function rowsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const starts: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at = (ends.at(-1) ?? 0) + 1) {
    starts.push(at);
    ends.push(bytes.indexOf(10, at));
  }
  const rows = withoutHoles(
    { bytes, offset: 0, end: bytes.length, isCutLine: false },
    { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), delimiter: 10 },
  );
  return Array.from(rows.starts, (start, i) => bytes.toString('utf8', start, rows.ends[i]));
}

describe('holes before lines', () => {
  it('are left out, with lines of which nothing else is there; a few NULs stay', () => {
    const line = fc.tuple(fc.constantFrom(0, 1, 15, 16, 17, 5000), fc.constantFrom('', 'a', 'long line', 'b\0'));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const expected = lines
          .filter(([nuls, text]) => nuls < 16 || text !== '')
          .map(([nuls, text]) => (nuls < 16 ? '\0'.repeat(nuls) + text : text));
        assert.deepEqual(rowsOf(lines.map(([nuls, text]) => `${'\0'.repeat(nuls)}${text}\n`).join('')), expected);
      }),
    );
  });
});
