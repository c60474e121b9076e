import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTempDir } from '../support/temp-dir.ts';
import { FAULT_POINTS, faultPointsOfSources } from './fault-points.ts';
import { Load, renderLine } from './load.ts';
import { Random } from './random.ts';
import { complaints, judge } from './verdict.ts';

const line = (number: number): string => renderLine('alpha.0', number, 'filling with blanks — and more');
const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => line(from + i));
const WRITTEN = new Map([['alpha.0', 10]]);

describe('the judge of the kill tests', () => {
  const temp = useTempDir();

  const about = (files: Readonly<Record<string, readonly string[]>>): string =>
    complaints(
      'out',
      judge(
        WRITTEN,
        Object.entries(files).map(([name, lines]) => ({ name, lines })),
      ),
    ).join('\n');

  it('is content with every line once, in order, over files in the order of their numbers', () => {
    assert.equal(about({ 'f.10': lines(5, 10), 'f.9': lines(0, 5), 'f.11': [] }), '');
  });

  it('sees lines that are missing', () => {
    assert.match(
      about({ f: [...lines(0, 3), ...lines(6, 9)] }),
      /4 lines are missing\n +alpha.0 3 to 5 .*\n +alpha.0 9 of/,
    );
  });

  it('sees lines that are there again, and where', () => {
    assert.equal(
      about({ 'f.1': lines(0, 6), 'f.2': lines(4, 10) }),
      'out: 2 lines are there again\n    alpha.0 4 to 5 at f.1:5 and at f.2:1',
    );
  });

  it('sees lines that are out of order', () => {
    assert.match(about({ 'f.1': lines(5, 10), 'f.2': lines(0, 5) }), /out of order\n +alpha.0 0 at f.2:1 behind 9/);
  });

  it('sees lines that are torn, changed, or of no file that was written', () => {
    const torn = line(3).slice(0, -1);
    const changed = line(4).replace('blanks', 'blinks');
    const other = renderLine('alpha.1', 0, '');
    const found = about({ f: [...lines(0, 10), torn, changed, other, line(10), ''] });
    assert.match(found, /nobody wrote\n +f:11: .*\n +f:12: .*\n +f:13: .*\n +f:14: .*\n +f:15: ""$/);
  });

  it('finds what the load has written, whatever its rotations', async () => {
    const dir = temp();
    const load = new Load({
      dir,
      streams: ['alpha', 'beta'],
      random: new Random(7),
      linesPerSecond: 20_000,
      rotateMs: 30,
    });
    load.start();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (load.rotations < 10) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    load.stop();
    const files = readdirSync(dir).map((name) => ({
      name,
      lines: readFileSync(join(dir, name), 'utf8').split('\n').slice(0, -1),
    }));
    assert.ok(files.length > 10 && load.lines > 0);
    const verdict = judge(load.written, files);
    assert.deepEqual(complaints('logs', verdict), []);
    assert.equal(verdict.lines, load.lines);
  });
});

describe('the fault points of the kill tests', () => {
  it('are those of the sources', () => {
    assert.deepEqual(Object.keys(FAULT_POINTS).sort(), faultPointsOfSources());
  });
});
