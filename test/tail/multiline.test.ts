import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LinePattern } from '../../src/tail/line-pattern.ts';
import { MultilineShaper } from '../../src/tail/multiline.ts';
import { Shaping } from './shaping.ts';

const NO_LIMIT = { maxLines: 1000, maxBytes: 1 << 20 };

function shaper(options: { start?: string; continuation?: string; maxLines?: number; maxBytes?: number }): {
  shaper: MultilineShaper;
  limits: number[];
} {
  const limits: number[] = [];
  const pattern = new LinePattern({ ...NO_LIMIT, ...options });
  return { shaper: new MultilineShaper(pattern, (offset) => limits.push(offset)), limits };
}

describe('multiline', () => {
  it('joins what follows a line that begins an event', () => {
    const run = new Shaping(shaper({ start: '^\\d{4}-' }).shaper);
    run.write('2024-01 a\n  at b\n  at c\n2024-02 d\n2024-03 e\n  at f\n');
    assert.deepEqual(run.texts, ['2024-01 a\n  at b\n  at c', '2024-02 d']);
    run.flush();
    assert.deepEqual(run.texts.slice(2), ['2024-03 e\n  at f']);
    assert.equal(run.chunks.at(-1)?.endedByTime, true);
  });

  it('joins lines that go on with the one before', () => {
    const run = new Shaping(shaper({ continuation: '^\\s' }).shaper).write('a\n b\n\tc\nd\ne\n f\n').flush();
    assert.deepEqual(run.texts, ['a\n b\n\tc', 'd', 'e\n f']);
  });

  it('with both patterns takes a line for a continuation that is no start', () => {
    const run = new Shaping(shaper({ start: '^ERROR', continuation: '^(\\s|ERROR|Caused)' }).shaper);
    run.write('ERROR a\n b\nCaused c\nERROR d\nplain\n e\n').flush();
    assert.deepEqual(run.texts, ['ERROR a\n b\nCaused c', 'ERROR d', 'plain\n e']);
  });

  it('makes an event of continuations that follow nothing', () => {
    const run = new Shaping(shaper({ start: '^#' }).shaper).write('a\nb\n#c\n').flush();
    assert.deepEqual(run.texts, ['a\nb', '#c']);
  });

  it('does not join what comes after the time was up', () => {
    const run = new Shaping(shaper({ continuation: '^ ' }).shaper);
    run.write('a\n b\n').flush().write(' c\n d\ne\n').flush();
    assert.deepEqual(run.texts, ['a\n b', ' c\n d', 'e']);
  });

  it('parts events at the offsets where time had parted them before', () => {
    const one = shaper({ continuation: '^ ' }).shaper;
    one.reset([5]);
    const run = new Shaping(one).write('a\n b\n c\n d\ne\n').flush();
    assert.deepEqual(run.texts, ['a\n b', ' c\n d', 'e']);
  });

  it('holds an event to its most lines and bytes, loses nothing and says where', () => {
    const { shaper: one, limits } = shaper({ continuation: '^ ', maxLines: 3 });
    const run = new Shaping(one).write('a\n b\n c\n d\n e\nf\n', [3]).flush();
    assert.deepEqual(run.texts, ['a\n b\n c', ' d\n e', 'f']);
    assert.deepEqual(limits, [0]);
    const bytes = shaper({ continuation: '^ ', maxBytes: 7 });
    const second = new Shaping(bytes.shaper).write('a\n bb\n c\n d\n').flush();
    assert.deepEqual(second.texts, ['a\n bb', ' c\n d']);
  });

  it('joins with LF alone where lines end with CR LF', () => {
    const run = new Shaping(shaper({ continuation: '^ ' }).shaper).write('a\r\n b\r\nc\n d\r\ne\n').flush();
    assert.deepEqual(run.texts, ['a\n b', 'c\n d', 'e']);
  });

  it('copies nothing where an event lies within one read', () => {
    const run = new Shaping(shaper({ continuation: '^ ' }).shaper).write('a\n b\nc\n d\ne\n');
    assert.equal(run.chunks.length, 1);
    assert.equal(run.chunks[0].body.toString(), 'a\n b\nc\n d\n');
    assert.deepEqual([...run.chunks[0].places], [...run.chunks[0].starts]);
  });

  it('holds a pattern against characters, not bytes', () => {
    const run = new Shaping(shaper({ start: '^[äö]:' }).shaper).write('ä: a\nb\nö: c\n').flush();
    assert.deepEqual(run.texts, ['ä: a\nb', 'ö: c']);
  });

  const lines = fc.array(fc.constantFrom('s one', 's', ' x', '', '\tlonger line of text', 's é'), { maxLength: 40 });
  const ends = fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 1, maxLength: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
  const mostLines = fc.integer({ min: 1, max: 6 });

  it('gives the same events however the file is read, and again from any event on', () => {
    fc.assert(
      fc.property(lines, ends, sizes, mostLines, fc.nat(), (all, lineEnds, pieces, maxLines, pick) => {
        const expected: string[][] = [];
        for (const line of all) {
          const last = expected.at(-1);
          if (last !== undefined && !line.startsWith('s') && last.length < maxLines) last.push(line);
          else expected.push([line]);
        }
        const file = Buffer.from(all.map((line, i) => line + lineEnds[i % lineEnds.length]).join(''));
        const options = { start: '^s', maxLines };
        const run = new Shaping(shaper(options).shaper).write(file, pieces).flush();
        assert.deepEqual(
          run.texts,
          expected.map((event) => event.join('\n')),
        );
        let at = 0;
        for (const event of run.events) {
          assert.equal(event.offset, at);
          at = event.next;
        }
        assert.equal(at, file.length);
        if (run.events.length === 0) return;
        const from = pick % run.events.length;
        const { offset } = run.events[from];
        const again = new Shaping(shaper(options).shaper, offset).write(file.subarray(offset), pieces).flush();
        assert.deepEqual(again.events, run.events.slice(from));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same events again when some had ended by time', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 5 }), sizes, fc.nat(), (all, waits, pieces, pick) => {
        const file = Buffer.from(all.map((line) => `${line}\n`).join(''));
        const one = new Shaping(shaper({ start: '^s' }).shaper);
        let at = 0;
        const stops = waits.map((wait) => wait % (file.length + 1)).sort((a, b) => a - b);
        for (const stop of [...stops, file.length]) {
          one.write(file.subarray(at, stop), pieces).flush();
          at = stop;
        }
        if (one.events.length === 0) return;
        const from = pick % one.events.length;
        const { offset } = one.events[from];
        const cuts = one.chunks.filter((chunk) => chunk.endedByTime).map((chunk) => chunk.end);
        const second = shaper({ start: '^s' }).shaper;
        second.reset(cuts.filter((cut) => cut > offset));
        const again = new Shaping(second, offset).write(file.subarray(offset), [1000]).flush();
        assert.deepEqual(again.events, one.events.slice(from));
      }),
      { numRuns: 300 },
    );
  });
});
