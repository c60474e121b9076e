import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import type { Delivery } from '../../../src/component/channel.ts';
import { rowsOf } from '../../support/batches.ts';
import { makeTempDir, removeTempDir, useTempDir } from '../../support/temp-dir.ts';
import { replaceFileMethod } from './file-method.ts';
import { copyAtWork, drain, never, open, put, segments } from './support.ts';

/** What a channel was told before it crashed. Lines are numbers, in the order of the puts. */
interface Told {
  /** Lines of puts that were called. */
  readonly put: number[];
  /** Lines of puts that have resolved: they are durable. */
  readonly confirmed: Set<number>;
  readonly committed: Set<number>;
  /** Lines that were committed before a put began that has resolved: that is durable, too. */
  readonly durablyCommitted: Set<number>;
}

function newTold(): Told {
  return { put: [], confirmed: new Set(), committed: new Set(), durablyCommitted: new Set() };
}

/** Whether a restarted channel gave what it must, nothing twice, and in order. */
function check(told: Told, seen: readonly number[]): void {
  for (let i = 1; i < seen.length; i++) assert.ok(seen[i]! > seen[i - 1]!, `${seen[i]} behind ${seen[i - 1]}`);
  const set = new Set(seen);
  for (const line of told.confirmed) {
    if (!told.committed.has(line)) assert.ok(set.has(line), `${line} is lost`);
  }
  const known = new Set(told.put);
  for (const line of seen) {
    assert.ok(known.has(line), `${line} was never put`);
    assert.ok(!told.durablyCommitted.has(line), `${line} comes again`);
  }
}

function lastSegment(dir: string): string | undefined {
  return segments(dir).at(-1);
}

/** A checkpoint may delete a segment at any time. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function isUnsynced(dir: string, synced: { path: string; size: number } | undefined): boolean {
  const path = lastSegment(dir);
  if (path === undefined) return false;
  return sizeOf(path) > (path.endsWith(synced?.path ?? '/') ? synced!.size : 40);
}

/** How the end of the last segment was left: cut, or with bytes that never reached the disk. */
function tear(dir: string, synced: { path: string; size: number } | undefined, cut: number, zero: number): void {
  const path = lastSegment(dir);
  if (path === undefined) return;
  const from = path.endsWith(synced?.path ?? '/') ? synced!.size : 40;
  const size = sizeOf(path);
  if (size <= from) return;
  truncateSync(path, from + Math.floor((size - from) * cut));
  const bytes = readFileSync(path);
  const at = from + Math.floor((bytes.length - from) * zero);
  bytes.fill(0, at, Math.min(at + 16, bytes.length));
  writeFileSync(path, bytes);
}

describe('file channel after a crash', () => {
  const dir = useTempDir();
  let mend: (() => void) | undefined;

  // A sync that takes a while, so that crashes find what was written and not synced.
  beforeEach(async () => {
    mend = await replaceFileMethod('datasync', async (sound) => {
      await sound();
      await new Promise((resolve) => setTimeout(resolve, 2));
    });
  });
  afterEach(() => mend?.());

  it('has all that was confirmed and nothing that was durably committed, whenever it happens and whatever the disk had not yet got', async function () {
    this.timeout(180_000);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ put: fc.integer({ min: 1, max: 9 }), wait: fc.nat(3).map((n) => n === 0) }) },
      { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 8 }) }) },
      { weight: 3, arbitrary: fc.record({ commit: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ rollback: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ ticks: fc.nat(4) }) },
    );
    const life = fc.record({
      steps: fc.array(step, { maxLength: 30 }),
      cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      zero: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const segment = fc.constantFrom('1', '300', '100000');
    let number = 0;
    let unsynced = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), segment, async (lives, maxFileSize) => {
        const told = newTold();
        let at = join(dir(), `${number++}`);
        for (const { steps, cut, zero } of lives) {
          const { channel } = await open(at, { maxFileSize, checkpointInterval: '3' });
          const puts: Promise<void>[] = [];
          let pending = 0;
          const deliveries: Delivery[] = [];
          const old = lastSegment(at);
          let synced = old === undefined ? undefined : { path: old.slice(at.length), size: sizeOf(old) };
          for (const each of steps) {
            if ('put' in each) {
              const lines = Array.from({ length: each.put }, (_, i) => told.put.length + i);
              told.put.push(...lines);
              const before = [...told.committed];
              pending++;
              const done = put(channel, lines.map(String)).then(() => {
                pending--;
                for (const line of lines) told.confirmed.add(line);
                for (const line of before) told.durablyCommitted.add(line);
                const path = lastSegment(at)!;
                synced = { path: path.slice(at.length), size: sizeOf(path) };
              });
              puts.push(done);
              if (each.wait) await done;
            } else if ('take' in each) {
              if (channel.size > deliveries.reduce((sum, { batch }) => sum + batch.length, 0)) {
                deliveries.push((await channel.take(each.take, never))!);
              }
            } else if ('commit' in each) {
              const [delivery] = deliveries.splice(each.commit % Math.max(1, deliveries.length), 1);
              if (delivery === undefined) continue;
              for (const { body } of rowsOf(delivery.batch)) told.committed.add(Number(body));
              delivery.commit();
            } else if ('rollback' in each) {
              const [delivery] = deliveries.splice(each.rollback % Math.max(1, deliveries.length), 1);
              delivery?.rollback();
            } else {
              for (let i = 0; i < each.ticks; i++) await new Promise((resolve) => setImmediate(resolve));
            }
          }
          // Best is a moment when something was written and not synced.
          while (pending > 0 && !isUnsynced(at, synced)) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (isUnsynced(at, synced)) unsynced++;
          // What the disk has now is what the next life finds.
          const next = join(dir(), `${number++}`);
          const confirmed = new Set(told.confirmed);
          const durable = new Set(told.durablyCommitted);
          copyAtWork(at, next);
          tear(next, synced, cut, zero);
          await Promise.all(puts);
          await channel.close();
          rmSync(at, { recursive: true });
          at = next;
          // Of puts that had not resolved the next life may have some or none.
          const crashed: Told = { ...told, confirmed, durablyCommitted: durable };
          const peek = join(dir(), `${number++}`);
          copyAtWork(at, peek);
          const reopened = await open(peek);
          const seen = (await drain(reopened.channel)).map(Number);
          await reopened.channel.close();
          assert.deepEqual(
            reopened.lines.filter((text) => text.startsWith('ERROR')),
            [],
          );
          check(crashed, seen);
          rmSync(peek, { recursive: true });
          // From here on, what is there is what counts.
          told.confirmed.clear();
          told.durablyCommitted.clear();
          for (const line of durable) told.durablyCommitted.add(line);
          for (const line of seen) {
            told.confirmed.add(line);
            told.committed.delete(line);
          }
        }
        rmSync(at, { recursive: true });
      }),
      { numRuns: 150 },
    );
    assert.ok(unsynced > 10, `only ${unsynced} crashes found anything unsynced`);
  });

  it('has all that was confirmed when its process is killed, and takes the directories over', async function () {
    this.timeout(180_000);
    const told = newTold();
    for (let round = 0; round < 6; round++) {
      await killedChild(dir(), told, 30 + round * 37);
      const folder = makeTempDir();
      try {
        cpSync(dir(), folder, { recursive: true });
        const { channel, lines } = await open(folder);
        const seen = (await drain(channel)).map(Number);
        await channel.close();
        check(told, seen);
        assert.deepEqual(
          lines.filter((text) => text.startsWith('ERROR')),
          [],
        );
        for (const line of seen) told.committed.delete(line);
      } finally {
        removeTempDir(folder);
      }
    }
    assert.ok(told.confirmed.size > 100, `only ${told.confirmed.size} lines were put`);
    assert.ok(told.durablyCommitted.size > 50, `only ${told.durablyCommitted.size} lines were committed`);
  });
});

/** Runs a process that puts and takes, says what it does, and is killed after so many lines of that. */
async function killedChild(dir: string, told: Told, reports: number): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), dir, `${told.put.length}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, from, to] = line.split(' ');
    for (let n = Number(from); n < Number(to); n++) {
      if (what === 'put') told.put.push(n);
      else if (what === 'confirmed') told.confirmed.add(n);
      else if (what === 'committed') told.committed.add(n);
      else told.durablyCommitted.add(n);
    }
    if (++seen === reports) child.kill('SIGKILL');
  }
  await ended;
}
