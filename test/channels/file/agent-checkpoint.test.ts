import assert from 'node:assert/strict';
import { rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LogState } from '../../../src/channels/file/log-state.ts';
import { SEGMENT_HEADER } from '../../../src/channels/file/segment.ts';
import type { Delivery } from '../../../src/component/channel.ts';
import { Receipt } from '../../../src/event/receipt.ts';
import { batchOfLines } from '../../support/batches.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { History, linesOf, Model } from './agent-checkpoint.model.ts';
import { replaceFileMethod } from './file-method.ts';
import { copyAtWork, drain, never, open, segments } from './support.ts';

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ put: fc.integer({ min: 1, max: 14 }), replays: fc.boolean(), wait: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ settle: fc.nat(5), from: fc.nat(7), count: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.record({ settleRows: fc.nat(5), mask: fc.nat(255) }) },
  { weight: 3, arbitrary: fc.record({ commit: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ rollback: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ ticks: fc.nat(4), microtasks: fc.nat(6) }) },
  { weight: 4, arbitrary: fc.constant({ checkpoint: true }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const life = fc.record({
  steps: fc.array(step, { maxLength: 40 }),
  end: fc.constantFrom('newest', 'before', 'before', 'handed over'),
  cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

/** One life of a channel, driven step by step. */
class Life {
  readonly #model: Model;
  readonly #puts: Promise<void>[] = [];
  #deliveries: Delivery[] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  async run(steps: readonly Step[], channel: Awaited<ReturnType<typeof open>>['channel'], history: History) {
    for (const each of steps) {
      if ('put' in each) {
        const lines = this.#model.put(each.put, each.replays);
        const leg = new Receipt(lines.length, undefined, each.replays).leg('c');
        this.#model.follow(lines[0]!, leg);
        const done = channel.put(batchOfLines(lines.map(String)), leg, never).catch(() => {});
        this.#puts.push(done);
        // It may be waiting for room.
        if (each.wait) await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 5))]);
      } else if ('take' in each) {
        const taken = this.#deliveries.reduce((sum, delivery) => sum + this.#open(delivery).length, 0);
        if (channel.size > taken) {
          const delivery = (await channel.take(each.take, never))!;
          for (const line of linesOf(delivery)) assert.ok(!this.#model.isCommitted(line), `${line} comes again`);
          this.#deliveries.push(delivery);
        }
      } else if ('settle' in each) {
        const delivery = this.#deliveries[each.settle % Math.max(1, this.#deliveries.length)];
        if (delivery === undefined) continue;
        const from = each.from % delivery.batch.length;
        const to = Math.min(from + each.count, delivery.batch.length);
        this.#model.commit(linesOf(delivery).slice(from, to));
        delivery.settle(from, to);
      } else if ('settleRows' in each) {
        const delivery = this.#deliveries[each.settleRows % Math.max(1, this.#deliveries.length)];
        if (delivery === undefined) continue;
        const rows = linesOf(delivery).flatMap((_, row) => ((each.mask >> row) & 1 ? [row] : []));
        const lines = linesOf(delivery);
        this.#model.commit(rows.map((row) => lines[row]!));
        delivery.settleRows(Uint32Array.from(rows));
      } else if ('commit' in each) {
        const [delivery] = this.#deliveries.splice(each.commit % Math.max(1, this.#deliveries.length), 1);
        if (delivery === undefined) continue;
        this.#model.commit(linesOf(delivery));
        delivery.commit();
      } else if ('rollback' in each) {
        this.#deliveries.splice(each.rollback % Math.max(1, this.#deliveries.length), 1)[0]?.rollback();
      } else if ('ticks' in each) {
        for (let i = 0; i < each.ticks; i++) await new Promise((resolve) => setImmediate(resolve));
        for (let i = 0; i < each.microtasks; i++) await Promise.resolve();
      } else history.take();
    }
  }

  /** As an agent stops: deliveries under way are ended, then the channel is. */
  rollBackAll(): void {
    for (const delivery of this.#deliveries.splice(0)) delivery.rollback();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#puts);
  }

  #open(delivery: Delivery): number[] {
    return linesOf(delivery).filter((line) => !this.#model.isCommitted(line));
  }
}

/** Cuts off of the last segment what may not have reached the disk. */
function tear(dir: string, now: LogState, cut: number): void {
  const path = segments(dir).at(-1);
  if (path === undefined) return;
  const number = Number(/(\d+)\.segment$/.exec(path)?.[1]);
  const synced = Math.max(SEGMENT_HEADER, number === now.segment ? now.length : 0);
  const { size } = statSync(path);
  if (number >= now.segment && size > synced) truncateSync(path, synced + Math.floor((size - synced) * cut));
}

describe("file channel in the agent's checkpoint", () => {
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

  it('gives after a crash just what sources and sinks that go back to the checkpoint have not, also to the one before', async function () {
    this.timeout(300_000);
    const segment = fc.constantFrom('1', '300', '100000');
    let number = 0;
    let [came, cameNot, beforeUsed] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), segment, async (lives, maxFileSize) => {
        const settings = { maxFileSize, checkpointInterval: '2', capacity: '10', transactionCapacity: '10' };
        const model = new Model();
        let at = join(dir(), `${number++}`);
        let history = new History(model, []);
        for (const { steps, end, cut } of lives) {
          const { channel } = await open(at, settings, history);
          history.take();
          const one = new Life(model);
          await one.run(steps, channel, history);
          const next = join(dir(), `${number++}`);
          let { taken } = history;
          let now = model.known;
          if (end === 'handed over') {
            one.rollBackAll();
            await channel.close();
            await one.ended();
            history.take();
            ({ taken } = history);
            now = model.known;
            copyAtWork(at, next);
          } else {
            if (end === 'before' && taken.length > 1) {
              taken = taken.slice(0, -1);
              beforeUsed++;
            } else taken = [...taken];
            const state = history.present as LogState;
            copyAtWork(at, next);
            tear(next, state, cut);
            // What it still does, in the folder that was left, is of no account.
            await channel.close();
            await one.ended();
          }
          rmSync(at, { recursive: true });
          at = next;
          const then = taken.at(-1)!.known;
          const { must, may } = model.after(then, now);
          const peek = join(dir(), `${number++}`);
          copyAtWork(at, peek);
          const reopened = await open(peek, settings, new History(model, taken));
          const seen = (await drain(reopened.channel)).map(Number);
          await reopened.channel.close();
          rmSync(peek, { recursive: true });
          const optional = new Set(may);
          const where = reopened.lines.join('\n');
          assert.deepEqual(
            seen.filter((line) => !optional.has(line)),
            must,
            where,
          );
          for (let i = 1; i < seen.length; i++) assert.ok(seen[i]! > seen[i - 1]!, `${seen[i]} behind ${seen[i - 1]}`);
          assert.deepEqual(
            reopened.lines.filter(
              (text) => /^(ERROR|WARN)/.test(text) && !/was not finished|more than the cap/.test(text),
            ),
            [],
          );
          came += seen.length;
          cameNot += model.lines.length - seen.length;
          model.restart(then, now, seen);
          history = new History(model, taken);
        }
        rmSync(at, { recursive: true });
      }),
      { numRuns: Number(process.env['SLUICE_TEST_RUNS'] ?? 100) },
    );
    assert.ok(came > 100 && cameNot > 100 && beforeUsed > 20, `${came} ${cameNot} ${beforeUsed}`);
  });
});
