import assert from 'node:assert/strict';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneAtATime, watchConfiguration } from '../../src/agent/reload.ts';
import { FakeClock } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

describe('watchConfiguration', () => {
  const temp = useTempDir();

  it('tells of each change once, of an older file put back too, and not of a file that is away', async () => {
    const file = join(temp(), 'f.conf');
    writeFileSync(file, 'a');
    const clock = new FakeClock();
    const stop = new AbortController();
    let changes = 0;
    const watching = watchConfiguration({
      files: [file],
      intervalMs: 1000,
      clock,
      signal: stop.signal,
      onChange: async () => {
        changes++;
      },
    });
    const look = async (): Promise<void> => {
      await waitFor(() => clock.sleepers > 0);
      await clock.advance(1000);
      await waitFor(() => clock.sleepers > 0);
    };
    const looks = async (expected: number): Promise<void> => {
      for (let i = 0; i < 3; i++) await look();
      assert.equal(changes, expected);
    };
    await looks(0);
    writeFileSync(file, 'longer');
    await looks(1);
    rmSync(file);
    await looks(1);
    writeFileSync(file, 'a');
    utimesSync(file, 1000, 1000);
    await looks(2);
    stop.abort();
    await watching;
  });
});

describe('oneAtATime', () => {
  it('runs once more for all calls that come during a run, tells of failures, and never rejects', async () => {
    const ends: (() => void)[] = [];
    const failures: unknown[] = [];
    const call = oneAtATime(
      async () => {
        await new Promise<void>((resolve) => ends.push(resolve));
        if (ends.length === 1) throw new Error('first');
      },
      (error) => failures.push(error),
    );
    const calls = [call(), call(), call()];
    assert.equal(ends.length, 1, 'one run');
    ends[0]!();
    await waitFor(() => ends.length === 2);
    assert.deepEqual(failures, [new Error('first')]);
    ends[1]!();
    await Promise.all(calls);
    assert.equal(ends.length, 2);
    const later = call();
    assert.equal(ends.length, 3, 'a later call runs at once');
    ends[2]!();
    await later;
  });
});
