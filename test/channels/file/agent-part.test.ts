import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEGMENT_HEADER } from '../../../src/channels/file/segment.ts';
import { armFault } from '../../../src/component/fault-point.ts';
import { Receipt } from '../../../src/event/receipt.ts';
import { batchOfLines, rowsOf } from '../../support/batches.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { copyAtWork, drain, never, open, put, putReplayed, segments } from './support.ts';

/** A checkpoint that becomes durable when the test says so. */
class SlowCheckpoint extends TestCheckpoint {
  readonly #waiting: (() => void)[] = [];

  override commit(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** One more is durable. */
  store(): void {
    this.take();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Segments of version 1, as they were written: a to d, of which a is committed; e and f. */
const VERSION_1 = [
  [
    'U0xVSUNFZmMBAAAAhCTMyAAAAAAAAPA/AAAAAAAAAAAU7zeqp0IBnVNMcmMU7zeqHgAAAAEAAAAAAAAAAAAAAAMAAAAoAAAAre78',
    'Ij+7R8UDAAAACgAAAAAAAAABAAAAAQAAAAEAAABhCmIKYwpTTHJjFO83qhAAAAACAAAAAAAAAAAAAAABAAAAbgAAANWHYU68AOX/',
    'AAAAAAAAAAAAAAAAAADwP1NMcmMU7zeqEgAAAAEAAAAAAAAAAAAIQAEAAABuAAAALzdmcIxf4YgBAAAACgAAAAAAAAABAAAAZAo=',
  ].join(''),
  [
    'U0xVSUNFZmMBAAAAhCTMyAAAAAAAAABAAAAAAAAAEEDGUXWRyItlAlNMcmPGUXWRGAAAAAEAAAAAAAAAAAAQQAIAAAAoAAAAOE39',
    'qFuJ1OICAAAACgAAAAAAAAABAAAAAQAAAGUKZgo=',
  ].join(''),
];

describe("file channel and the agent's checkpoint", () => {
  const dir = useTempDir();
  let number = 0;

  /** What a crash in this tick would leave. */
  function crash(at: string): string {
    const copy = join(dir(), `crash${number++}`);
    copyAtWork(at, copy);
    return copy;
  }

  it('has rows that were settled one by one out of the channel at once: they are known, make room, and do not come again', async () => {
    const checkpoint = new TestCheckpoint();
    const { channel, counters } = await open(dir(), { capacity: '6', transactionCapacity: '6' }, checkpoint);
    await put(channel, ['a', 'b', 'c', 'd']);
    await put(channel, ['e', 'f']);
    const delivery = (await channel.take(6, never))!;
    assert.ok(delivery.replayable);
    delivery.settle(1, 3);
    delivery.settleRows(Uint32Array.of(2, 4));
    assert.equal(channel.size, 3);
    assert.equal(counters.EventTakeSuccessCount, 3);
    assert.deepEqual(
      (({ low, above, putMark, size }) => ({ low, above, putMark, size }))(
        checkpoint.take() as Record<string, unknown>,
      ),
      { low: 0, above: [1, 3, 4, 5], putMark: 6, size: 3 },
    );
    await put(channel, ['g', 'h', 'i']);
    delivery.rollback();
    assert.deepEqual(await drain(channel), ['a', 'd', 'f', 'g', 'h', 'i']);
    await channel.close();
    const again = await open(dir(), {}, new TestCheckpoint(checkpoint.take()));
    assert.equal(again.channel.size, 0);
    await again.channel.close();
  });

  it('gives rows again that were committed after the checkpoint, and leaves out what a replaying source put after it', async () => {
    const checkpoint = new TestCheckpoint();
    const at = join(dir(), 'one');
    const first = await open(at, {}, checkpoint);
    await put(first.channel, ['a', 'b']);
    (await first.channel.take(1, never))?.commit();
    const saved = checkpoint.take();
    await putReplayed(first.channel, ['c']);
    await put(first.channel, ['d']);
    (await first.channel.take(1, never))?.commit();
    const copy = crash(at);
    await first.channel.close();
    const second = await open(copy, {}, new TestCheckpoint(saved));
    assert.deepEqual(await drain(second.channel), ['b', 'd']);
    assert.ok(
      second.lines.some((line) => /^INFO 1 events that were put after .* their sources send them again/.test(line)),
    );
    await second.channel.close();
  });

  it('remembers what it found at a start, should the checkpoint get lost after that', async () => {
    const checkpoint = new TestCheckpoint();
    const at = join(dir(), 'one');
    const first = await open(at, {}, checkpoint);
    await put(first.channel, ['a', 'b', 'c']);
    const saved = checkpoint.take();
    await putReplayed(first.channel, ['d']);
    (await first.channel.take(2, never))?.commit();
    await put(first.channel, ['e']); // Now the commit is synced.
    const copy = crash(at);
    await first.channel.close();
    const second = await open(copy, {}, new TestCheckpoint(saved));
    await waitFor(() => segments(copy).length > 1 && statSync(segments(copy).at(-1)!).size > SEGMENT_HEADER);
    const rest = crash(copy);
    await second.channel.close();
    for (const name of readdirSync(join(rest, 'checkpoint'))) rmSync(join(rest, 'checkpoint', name));
    const third = await open(rest);
    assert.deepEqual(await drain(third.channel), ['a', 'b', 'c', 'e']);
    await third.channel.close();
  });

  it('goes by its own records without a checkpoint and with one of other directories, and says that events may come twice', async () => {
    const checkpoint = new TestCheckpoint();
    const one = await open(join(dir(), 'one'), {}, checkpoint);
    await put(one.channel, ['x', 'y', 'z']);
    (await one.channel.take(3, never))?.commit();
    const other = checkpoint.take();
    await one.channel.close();
    for (const saved of [undefined, null, 7, {}, { ...(other as object), above: [3] }, other]) {
      const at = join(dir(), `two${number++}`);
      const first = await open(at);
      assert.ok(!first.lines.some((line) => line.startsWith('WARN')));
      await putReplayed(first.channel, ['a', 'b']);
      await first.channel.close();
      const second = await open(at, {}, new TestCheckpoint(saved));
      assert.ok(
        second.lines.some((line) => /^WARN .*checkpoint says nothing of these segments.*may come twice/.test(line)),
      );
      assert.deepEqual(await drain(second.channel), ['a', 'b']);
      await second.channel.close();
    }
  });

  it('does not believe what a checkpoint says of a life before another agent had the directories', async () => {
    const checkpoint = new TestCheckpoint();
    const first = await open(dir(), {}, checkpoint);
    await put(first.channel, ['a']);
    const old = checkpoint.take();
    await first.channel.close();
    const other = await open(dir());
    await putReplayed(other.channel, ['b', 'c']);
    (await other.channel.take(1, never))?.commit();
    await other.channel.close();
    const back = await open(dir(), {}, new TestCheckpoint(old));
    assert.deepEqual(await drain(back.channel), ['b', 'c']);
    assert.ok(back.lines.some((line) => /^WARN .*may come twice/.test(line)));
    await back.channel.close();
  });

  it('says loudly when the log is gone that the checkpoint speaks of', async () => {
    const checkpoint = new TestCheckpoint();
    const first = await open(join(dir(), 'one'), {}, checkpoint);
    await put(first.channel, ['a', 'b']);
    await first.channel.close();
    const second = await open(join(dir(), 'two'), {}, new TestCheckpoint(checkpoint.take()));
    assert.ok(second.lines.some((line) => /^ERROR .*knows of 2 events in another log.*mounted/.test(line)));
    assert.equal(second.channel.size, 0);
    await second.channel.close();
  });

  it('is handed over to another channel of the same directories in one process', async () => {
    const checkpoint = new TestCheckpoint();
    const first = await open(dir(), { capacity: '4', transactionCapacity: '4' }, checkpoint);
    const receipt = new Receipt(9, undefined, true);
    const leg = receipt.leg('c');
    const refused = assert.rejects(first.channel.put(batchOfLines([...'abcdefghi']), leg, never));
    receipt.seal();
    await waitFor(() => first.channel.size === 4);
    const delivery = (await first.channel.take(3, never))!;
    delivery.settle(1, 2);
    delivery.rollback();
    await first.channel.close();
    await refused;
    // As the live part tells it.
    checkpoint.saved = checkpoint.present;
    const second = await open(dir(), {}, checkpoint);
    const left: string[] = [];
    for (let i = 0; i < leg.unsettledSourceRanges.length; i += 2) {
      left.push(...[...'abcdefghi'].slice(leg.unsettledSourceRanges[i]!, leg.unsettledSourceRanges[i + 1]!));
    }
    const seen = await drain(second.channel);
    assert.ok(!second.lines.some((line) => /^(WARN|ERROR)/.test(line)), second.lines.join('\n'));
    assert.deepEqual([...seen, ...left].sort(), [...'acdefghi']);
    await second.channel.close();
  });

  it('deletes a segment only when two checkpoints know that its rows are committed', async () => {
    const checkpoint = new SlowCheckpoint();
    const { channel } = await open(dir(), { maxFileSize: '1', checkpointInterval: '1' }, checkpoint);
    await put(channel, ['a']);
    await put(channel, ['b']);
    const [first] = segments(dir());
    (await channel.take(1, never))?.commit();
    await waitFor(() => checkpoint.waiting === 1);
    assert.ok(segments(dir()).includes(first!));
    checkpoint.store();
    await waitFor(() => checkpoint.waiting === 1);
    await put(channel, ['c']);
    assert.ok(segments(dir()).includes(first!));
    checkpoint.store();
    await waitFor(() => !segments(dir()).includes(first!));
    // And none as long as none can be written.
    assert.deepEqual(await drain(channel), ['b', 'c']);
    const kept = segments(dir());
    await put(channel, ['d']);
    await waitFor(() => checkpoint.waiting === 1);
    assert.deepEqual(segments(dir()).slice(0, kept.length), kept);
    await channel.close();
    assert.deepEqual(segments(dir()).slice(0, kept.length), kept);
  });

  it('reads segments of version 1, whose rows no source replays', async () => {
    for (const [withCheckpoint, queued] of [
      [true, 'bcdef'],
      [false, 'bcdef'],
    ] as const) {
      const at = join(dir(), `one${number++}`);
      mkdirSync(join(at, 'data'), { recursive: true });
      mkdirSync(join(at, 'checkpoint'));
      for (const [i, text] of VERSION_1.entries()) {
        writeFileSync(join(at, 'data', `sluice-000000000${i + 1}.segment`), Buffer.from(text, 'base64'));
      }
      if (withCheckpoint) {
        writeFileSync(
          join(at, 'checkpoint', 'sluice-checkpoint'),
          'sluice-file-channel 1 b4d21324\n{"nextRow":6,"low":1,"above":[],"segments":[{"dir":"/tmp/w/v1/data","number":1,"salt":2855792404,"firstRow":0,"endRow":4,"length":224},{"dir":"/tmp/w/v1/data","number":2,"salt":2440384966,"firstRow":4,"endRow":6,"length":104}]}',
        );
      }
      const checkpoint = new TestCheckpoint();
      const first = await open(at, {}, checkpoint);
      assert.ok(!first.lines.some((line) => line.startsWith('ERROR')), first.lines.join('\n'));
      await putReplayed(first.channel, ['g']);
      const saved = checkpoint.take();
      await putReplayed(first.channel, ['h']);
      const copy = crash(at);
      assert.deepEqual(await drain(first.channel), [...queued, 'g', 'h']);
      await first.channel.close();
      const second = await open(copy, {}, new TestCheckpoint(saved));
      assert.deepEqual(await drain(second.channel), [...queued, 'g']);
      await second.channel.close();
    }
  });

  for (const [name, settled] of [
    ['channel-before-sync', false],
    ['channel-after-sync', false],
    ['channel-before-delete', true],
  ] as const) {
    it(`doubles nothing when it ends at ${name}`, async () => {
      const checkpoint = new TestCheckpoint();
      const { channel } = await open(join(dir(), 'one'), { maxFileSize: '1', checkpointInterval: '1' }, checkpoint);
      checkpoint.take();
      let copy: string | undefined;
      const leg = new Receipt(1, undefined, true).leg('c');
      armFault(name, () => {
        armFault(undefined, () => {});
        copy = crash(join(dir(), 'one'));
        assert.equal(leg.settled, settled);
      });
      try {
        await channel.put(batchOfLines(['a']), leg, never);
        assert.equal((await drain(channel)).length, 1);
        await put(channel, ['b']);
        await waitFor(() => copy !== undefined);
      } finally {
        armFault(undefined, () => {});
      }
      const saved = checkpoint.saved;
      await channel.close();
      const again = await open(copy!, {}, new TestCheckpoint(saved));
      const seen: string[] = [];
      while (again.channel.size > 0) {
        const delivery = (await again.channel.take(9, never))!;
        seen.push(...rowsOf(delivery.batch).map(({ body }) => body));
        delivery.commit();
      }
      assert.ok(!seen.includes('a'));
      await again.channel.close();
    });
  }
});
