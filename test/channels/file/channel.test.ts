import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileChannel } from '../../../src/channels/file/index.ts';
import { ConstantColumn, NumberColumn, TextColumn } from '../../../src/event/header-columns.ts';
import { Receipt } from '../../../src/event/receipt.ts';
import { bind } from '../../../src/options/bind.ts';
import { SliceColumn } from '../../../src/rpc/slice-column.ts';
import { describeChannel } from '../../contract/channel.contract.ts';
import { batchOf, batchOfLines, rowsOf } from '../../support/batches.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { drain, make, never, open, put } from './support.ts';

describe('file channel in a folder', () => {
  const dir = useTempDir();
  let count = 0;

  describeChannel('file', {
    durable: true,
    open: async (capacity) => {
      const { channel } = await open(join(dir(), `${count++}`), { capacity: `${capacity}`, transactionCapacity: '1' });
      return channel;
    },
  });
});

describe('file channel', () => {
  const dir = useTempDir();

  it('keeps what was put and not committed over a restart, in order, and nothing else', async () => {
    const first = await open(dir());
    await put(first.channel, ['a', 'b', 'c']);
    await put(first.channel, ['d', 'e']);
    const one = await first.channel.take(2, never);
    const two = await first.channel.take(1, never);
    one?.commit();
    assert.equal(two?.batch.length, 1);
    await first.channel.close();
    const second = await open(dir());
    assert.equal(second.channel.size, 3);
    assert.deepEqual(await drain(second.channel), ['c', 'd', 'e']);
    await put(second.channel, ['f']);
    await second.channel.close();
    const third = await open(dir());
    assert.deepEqual(await drain(third.channel), ['f']);
    await third.channel.close();
  });

  it('remembers rows that were committed out of order', async () => {
    const first = await open(dir());
    await put(first.channel, ['a', 'b', 'c', 'd', 'e', 'f']);
    const deliveries = [];
    for (let i = 0; i < 6; i++) deliveries.push(await first.channel.take(1, never));
    deliveries[1]?.commit();
    deliveries[4]?.commit();
    deliveries[3]?.commit();
    await first.channel.close();
    const second = await open(dir());
    assert.equal(second.channel.size, 3);
    assert.deepEqual(await drain(second.channel), ['a', 'c', 'f']);
    await second.channel.close();
  });

  it('keeps headers of every kind, in memory and on disk', async () => {
    const bytes = Buffer.from('xyz§');
    const headers = [
      new ConstantColumn('host', 'häuser'),
      new NumberColumn('timestamp', Float64Array.of(1, Number.NaN, 1_700_000_000_000)),
      new TextColumn('t', ['', undefined, '€']),
      new SliceColumn('s', bytes, Uint32Array.of(0, 0xffff_ffff, 1), Uint32Array.of(1, 0, 5)),
    ];
    const batch = batchOfLines(['a', '', 'c'], headers);
    const loose = batchOf([{ body: 'x', headers: { k: 'v' } }, { body: '' }]);
    const wanted = [...rowsOf(batch), ...rowsOf(loose)];
    for (const isRead of [false, true]) {
      const { channel } = await open(dir());
      if (!isRead) {
        await channel.put(batch, new Receipt(3).leg('c'), never);
        await channel.put(loose, new Receipt(2).leg('c'), never);
      }
      const seen = [];
      while (seen.length < 5) {
        const delivery = await channel.take(3, never);
        seen.push(...rowsOf(delivery!.batch));
      }
      assert.deepEqual(seen, wanted);
      await channel.close();
    }
  });

  it('needs nothing of a batch after it was settled', async () => {
    const { channel } = await open(dir());
    const bytes = Buffer.from('value');
    const batch = batchOfLines(['a', 'b'], [new SliceColumn('s', bytes, Uint32Array.of(0, 1), Uint32Array.of(5, 5))]);
    await channel.put(batch, new Receipt(2).leg('c'), never);
    batch.body.fill(0);
    bytes.fill(0);
    const delivery = await channel.take(2, never);
    assert.deepEqual(rowsOf(delivery!.batch), [
      { body: 'a', headers: { s: 'value' } },
      { body: 'b', headers: { s: 'alue' } },
    ]);
    delivery!.commit();
    await channel.close();
  });

  it('reads back what does not fit into its memory, and deletes what is committed', async () => {
    const { channel } = await open(dir(), { maxFileSize: '4000000', checkpointInterval: '1' });
    const line = 'x'.repeat(1000);
    for (let i = 0; i < 40; i++)
      await put(
        channel,
        Array.from({ length: 1000 }, (_, n) => `${i * 1000 + n} ${line}`),
      );
    assert.equal(channel.size, 40_000);
    const seen = await drain(channel);
    assert.deepEqual(
      seen.map((text) => Number.parseInt(text, 10)),
      Array.from({ length: 40_000 }, (_, i) => i),
    );
    await channel.close();
    assert.ok(readdirSync(join(dir(), 'data')).filter((name) => name.endsWith('.segment')).length <= 1);
  });

  it('spreads its segments over the data directories', async () => {
    const dataDirs = `${join(dir(), 'one')}, ${join(dir(), 'two')}`;
    const { channel } = await open(dir(), { dataDirs, maxFileSize: '1' });
    for (const line of ['a', 'b', 'c', 'd']) await put(channel, [line]);
    await channel.close();
    for (const name of ['one', 'two']) {
      assert.equal(readdirSync(join(dir(), name)).filter((file) => file.endsWith('.segment')).length, 2);
    }
    const again = await open(dir(), { dataDirs });
    assert.deepEqual(await drain(again.channel), ['a', 'b', 'c', 'd']);
    await again.channel.close();
  });

  it('counts as Flume does', async () => {
    const { channel, counters } = await open(dir(), { capacity: '20', transactionCapacity: '10' });
    await put(channel, ['a', 'b', 'c']);
    (await channel.take(2, never))?.commit();
    assert.equal(counters.ChannelCapacity, 20);
    assert.equal(counters.ChannelSize, 1);
    assert.equal(counters.EventPutAttemptCount, 3);
    assert.equal(counters.EventPutSuccessCount, 3);
    assert.equal(counters.EventTakeAttemptCount, 2);
    assert.equal(counters.EventTakeSuccessCount, 2);
    assert.equal(counters.Open, true);
    await channel.close();
    assert.equal(counters.Open, false);
    assert.equal(counters.Closed, 1);
  });

  it('refuses directories that another channel uses, naming it, and takes them over from a process that is gone', async () => {
    const first = await open(dir());
    await assert.rejects(open(dir()), new RegExp(`in use by channel c of agent a, process ${process.pid}`));
    await first.channel.close();
    const lock = join(dir(), 'data', 'sluice-in_use.lock');
    for (const left of ['', 'x', '{"pid":1,"start":"0","boot":"another","pidSpace":""}']) {
      writeFileSync(lock, left);
      const { channel } = await open(dir());
      await channel.close();
    }
  });

  it('refuses directories with files of a Flume file channel, and leaves those alone', async () => {
    mkdirSync(join(dir(), 'data'));
    writeFileSync(join(dir(), 'data', 'log-1'), 'Flume');
    await assert.rejects(open(dir()), /file channel of Flume's own \(log-1\).*let Flume drain it/);
    assert.deepEqual(readdirSync(join(dir(), 'data')), ['log-1']);
  });

  it('refuses encryption keys', () => {
    const raw = new Map([['encryption.keyProvider.keys', { text: 'k' }]]);
    const { problems } = bind(fileChannel, raw, 'channel c', () => ({ known: [] }));
    assert.match(problems[0]!.message, /encryption\.keyProvider\.keys: the file channel does not encrypt/);
  });

  it('can be closed before it is open, and twice', async () => {
    const { channel } = make(dir());
    await channel.close();
    await channel.close();
  });
});
