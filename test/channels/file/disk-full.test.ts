import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../../src/errors.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { withTmpfs } from '../../support/tmpfs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { drain, never, open, put } from './support.ts';

const MIB = 1024 * 1024;

/** So many lines of about a kilobyte that begin with a number. */
function lines(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${from + i} ${'x'.repeat(1000)}`);
}

function numbers(seen: readonly string[]): number[] {
  return seen.map((line) => Number.parseInt(line, 10));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Fills what is left of a file system. */
function fillUp(path: string): void {
  assert.throws(() => writeFileSync(path, Buffer.alloc(64 * MIB)), /ENOSPC/);
}

describe('file channel on a disk that fills', () => {
  const dir = useTempDir();

  async function onSmallDisk(body: (disk: string) => Promise<void>): Promise<void> {
    const disk = join(dir(), 'disk');
    mkdirSync(disk);
    await withTmpfs(disk, '12m', body);
  }

  it('refuses a client in time, lets others wait, says so once, and goes on by itself when the sink has made room', async () => {
    await onSmallDisk(async (disk) => {
      const made = await open(disk, { maxFileSize: `${MIB}`, minimumRequiredSpace: `${2 * MIB}` });
      const { channel, counters } = made;
      let count = 0;
      const isFull = async (): Promise<boolean> => {
        try {
          await put(channel, lines(count, 500), 100);
          count += 500;
          return false;
        } catch (error) {
          assert.ok(error instanceof SluiceError && error.code === 'CHANNEL_FULL', String(error));
          assert.match(error.message, /There is no room left.*minimumRequiredSpace/);
          return true;
        }
      };
      while (!(await isFull()));
      assert.ok(count > 7000 && count < 12_000, `${count}`);
      assert.ok(await isFull());
      assert.equal(counters.Unhealthy, 1);
      const errors = made.lines.filter((line) => line.startsWith('ERROR'));
      assert.equal(errors.length, 1);
      assert.match(errors[0]!, /events cannot be written and wait: There is no room left/);
      let isThere = false;
      const waiting = put(channel, lines(count, 500)).then(() => {
        isThere = true;
      });
      const seen: string[] = [];
      while (!isThere) {
        const delivery = await channel.take(500, AbortSignal.timeout(100));
        if (delivery === undefined) continue;
        for (let row = 0; row < delivery.batch.length; row++) seen.push(delivery.batch.bodyOf(row).toString());
        delivery.commit();
      }
      await waiting;
      seen.push(...(await drain(channel)));
      assert.deepEqual(numbers(seen), upTo(count + 500));
      assert.equal(counters.Unhealthy, 0);
      assert.ok(made.lines.some((line) => line === 'INFO events can be written again'));
      await channel.close();
      assert.ok(readdirSync(join(disk, 'data')).filter((name) => name.endsWith('.segment')).length <= 1);
    });
  });

  it('keeps what it has when a write finds no room, restarts on the full disk, and goes on when there is room', async () => {
    await onSmallDisk(async (disk) => {
      const first = await open(disk);
      await put(first.channel, lines(0, 500));
      const fill = join(disk, 'fill');
      fillUp(fill);
      await assert.rejects(put(first.channel, lines(500, 3000), 50), /There is no room left/);
      (await first.channel.take(100, never))?.commit();
      await first.channel.close();
      const second = await open(disk);
      const { channel } = second;
      // A commit finds no room on a full disk: what was committed may come again.
      assert.ok(channel.size === 400 || channel.size === 500, `${channel.size}`);
      const waiting = put(channel, lines(500, 3000));
      await waitFor(() => second.counters.Unhealthy === 1);
      rmSync(fill);
      await waiting;
      assert.equal(second.counters.Unhealthy, 0);
      const seen = numbers(await drain(channel));
      assert.deepEqual(seen, upTo(3500).slice(-seen.length));
      assert.ok(seen.length >= 3400);
      await channel.close();
    });
  });
});
