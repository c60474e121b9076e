import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Meter } from '../../src/report/progress.ts';
import { renderTerminal } from '../../src/report/terminal/render.ts';
import { renderTable } from '../../src/report/terminal/table.ts';
import { fitted, harmless, PLAIN, widthOf, wrapped } from '../../src/report/terminal/text.ts';
import { duration, percent, sparkline, squeezed } from '../../src/report/words.ts';
import { emptyReport, fullReport } from './reports.ts';

describe('sluice report: the terminal', () => {
  it('shows nothing that could steer the terminal', () => {
    const report = fullReport('\x1b[2J\x1b]0;pwned\x07evil\u202egnp.exe\u0000\nnext');
    const text = renderTerminal(report, { width: 100, colour: false });
    assert.match(text, /\[2J\]0;pwnedevilgnp\.exe next/);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('makes any text harmless, and fits it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        const clean = harmless(text);
        assert.doesNotMatch(clean, /\p{C}|[\n\r]/u);
        assert.ok(widthOf(fitted(clean, width)) <= width);
      }),
    );
  });

  it('knows how wide characters are', () => {
    assert.deepEqual(['abc', '支払', '💥', 'e\u0301', 'é'].map(widthOf), [3, 4, 2, 1, 1]);
    assert.equal(fitted('支払い', 5), '支払…');
  });

  it('keeps its tables within the width, wide characters and all', () => {
    const rows = [
      ['支払いに失敗しました 💥 '.repeat(10), '1'],
      ['short', '1,000,000'],
    ];
    const lines = renderTable(
      [
        { title: 'title', gives: true },
        { title: 'n', align: 'right' },
      ],
      rows,
      50,
      PLAIN,
    );
    assert.deepEqual(lines.map(widthOf).slice(1), [50, 50]);
    assert.match(lines[1]!, /… +1$/);
    for (const width of [60, 80, 100, 160]) {
      const lines = renderTerminal(fullReport('支払い'.repeat(60)), { width, colour: false }).split('\n');
      // But for paths, which are there to be copied.
      for (const line of lines.filter((one) => !one.includes('/lake/')))
        assert.ok(widthOf(line) <= Math.max(width, 100), `${width}: ${line}`);
    }
  });

  it('has colours only where they are wanted', () => {
    assert.match(renderTerminal(fullReport('x'), { width: 100, colour: true }), /\x1b\[31m/);
    assert.doesNotMatch(renderTerminal(fullReport('x'), { width: 100, colour: false }), /\x1b/);
  });

  it('says the figures, their denominator and what they mean', () => {
    const text = renderTerminal(fullReport('ValueError: bad'), { width: 120, colour: false });
    assert.match(text, /Error rate +1\.00 % +100 errors of 10,000: 500 events of every level, 9,000 transactions, 500/);
    assert.match(text, /MTTR +1 h +10 repairs in 10 h, median 50 min; 2 issues open, the oldest for 2 days/);
    assert.match(text, /Crash-free +99\.2\d? %/);
    assert.match(text, /release +2\.0 +90\.0 % +30\.0 % +3\.0× +18/);
    assert.match(text, /12 repeats left out/);
    assert.match(text, /3 damaged lines left out/);
    assert.match(text, /Cannot be read: \/lake\/b\.gz/);
    assert.match(text, /errors \/ all/);
  });

  it('says of nothing that there is nothing', () => {
    assert.match(renderTerminal(emptyReport(), { width: 80, colour: false }), /There are no rows in it/);
    const empty = emptyReport();
    const delimited = { ...empty, input: { ...empty.input, files: 1, damagedRows: 9 } };
    assert.match(renderTerminal(delimited, { width: 200, colour: false }), /json is read, .* delimited is not/);
    const csv = { ...empty, input: { ...empty.input, foreign: 2 } };
    assert.match(renderTerminal(csv, { width: 200, colour: false }), /json is read, .* delimited is not/);
    const young = { ...empty, input: { ...empty.input, inUse: 2 } };
    assert.match(renderTerminal(young, { width: 200, colour: false }), /no rows in it yet: 2 files are being written/);
  });

  it('tells how far it is, on a terminal, after a second, and takes it away again', () => {
    const told: string[] = [];
    let now = 10_000;
    const stream = { write: (text: string) => told.push(text), isTTY: true };
    const half = { files: 1, ofFiles: 2, bytes: 1 << 20, ofBytes: 2 << 20 };
    const meter = new Meter(stream, () => now);
    meter.tell(half);
    assert.deepEqual(told, []);
    now = 11_500;
    meter.tell(half);
    meter.tell(half);
    meter.end();
    assert.deepEqual(told, ['\rReading: 1 of 2 files, 1.0 MiB of 2.0 MiB (50 %)\x1b[K', '\r\x1b[K']);
    const silent = new Meter({ ...stream, isTTY: false }, () => now);
    now = 19_000;
    silent.tell(half);
    silent.end();
    assert.equal(told.length, 2);
  });

  it('words figures as people read them', () => {
    assert.deepEqual([0, 0.0001, 0.01, 0.123, 0.9999, 1, null].map(percent), [
      '0 %',
      '0.010 %',
      '1.00 %',
      '12.3 %',
      '99.990 %',
      '100 %',
      '–',
    ]);
    assert.deepEqual([0.5, 90, 600, 36_000, 864_000, null].map(duration), [
      '500 ms',
      '90 s',
      '10 min',
      '10 h',
      '10 days',
      '–',
    ]);
    assert.equal(sparkline([0, 1, 4, 8]), ' ▁▄█');
    assert.deepEqual(squeezed([1, 2, 3, 4], 2), [3, 7]);
    assert.deepEqual(wrapped('one two three', 8, '  '), ['  one', '  two', '  three']);
  });
});
