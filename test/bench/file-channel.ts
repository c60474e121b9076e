import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/agent/clock.ts';
import { FileChannel } from '../../src/channels/file/channel.ts';
import { newChannelCounters } from '../../src/component/counters.ts';
import { EventBatch } from '../../src/event/event-batch.ts';
import { freeBatch } from '../../src/event/free-batch.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { componentContext } from '../support/context.ts';

/*
 * The file channel alone: lines of 320 bytes are put (written and synced), taken and committed, in batches of a mebibyte as TAILDIR makes them, by a sink that
 * keeps up and by one that begins when all is there; small batches of many clients at once; and a start with a million events queued.
 * `node test/bench/file-channel.ts [MB]`
 */

const LINE = 320;
const ROWS = 3276;
const never = new AbortController().signal;

function batch(): EventBatch {
  const body = Buffer.allocUnsafeSlow(ROWS * LINE).fill('x');
  const starts = new Uint32Array(ROWS);
  const ends = new Uint32Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    starts[row] = row * LINE;
    ends[row] = row * LINE + LINE - 1;
    body[ends[row]!] = 0x0a;
  }
  return new EventBatch({ body, starts, ends, delimiter: 0x0a });
}

async function open(dir: string): Promise<FileChannel> {
  const settings = {
    checkpointDir: join(dir, 'checkpoint'),
    dataDirs: [join(dir, 'data')],
    capacity: 100_000_000,
    transactionCapacity: 10_000,
    keepAlive: 3000,
    checkpointInterval: 30_000,
    maxSegmentBytes: 64 * 1024 * 1024,
    minimumRequiredSpace: 500_000_000,
  };
  const channel = new FileChannel(settings, { ...componentContext('c'), counters: newChannelCounters(0) });
  await channel.open();
  return channel;
}

async function putAll(channel: FileChannel, batches: number): Promise<void> {
  for (let i = 0; i < batches; i++) {
    const one = batch();
    const receipt = new Receipt(one.length, () => freeBatch(one));
    const leg = receipt.leg('c');
    receipt.seal();
    await channel.put(one, leg, never);
  }
}

async function takeAll(channel: FileChannel, rows: number): Promise<void> {
  for (let done = 0; done < rows; ) {
    const delivery = await channel.take(10_000, never);
    done += delivery!.batch.length;
    delivery!.commit();
  }
}

function report(what: string, bytes: number, started: number): void {
  const seconds = (systemClock.monotonic() - started) / 1000;
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${what}: ${(bytes / 1e6 / seconds).toFixed(0)} MB/s, ${(bytes / LINE / 1000 / seconds).toFixed(0)} thousand events/s, peak ${rss.toFixed(0)} MB`,
  );
}

const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
try {
  const batches = Number(process.argv[2] ?? 1000);
  const bytes = batches * ROWS * LINE;
  let channel = await open(dir);
  let started = systemClock.monotonic();
  await Promise.all([putAll(channel, batches), takeAll(channel, batches * ROWS)]);
  report('put, synced, taken and committed, side by side', bytes, started);

  started = systemClock.monotonic();
  await Promise.all([
    ...Array.from({ length: 4 }, () => putAll(channel, batches / 4)),
    takeAll(channel, Math.floor(batches / 4) * 4 * ROWS),
  ]);
  report('the same from four sources', bytes, started);

  started = systemClock.monotonic();
  await putAll(channel, 306);
  report('put and synced, no sink', 306 * ROWS * LINE, started);
  await channel.close();
  started = systemClock.monotonic();
  channel = await open(dir);
  console.log(`start with ${channel.size} events queued: ${(systemClock.monotonic() - started).toFixed(0)} ms`);
  await channel.close();
  rmSync(join(dir, 'checkpoint'), { recursive: true });
  started = systemClock.monotonic();
  channel = await open(dir);
  console.log(`the same without a checkpoint: ${(systemClock.monotonic() - started).toFixed(0)} ms`);
  started = systemClock.monotonic();
  await takeAll(channel, channel.size);
  report('read back and committed', 306 * ROWS * LINE, started);

  started = systemClock.monotonic();
  const small = batch().slice(0, 1);
  const puts = 20_000;
  let left = puts;
  const client = async (): Promise<void> => {
    while (left-- > 0) await channel.put(small, new Receipt(1).leg('c'), never);
  };
  await Promise.all([...Array.from({ length: 64 }, client), takeAll(channel, puts)]);
  report('single events of 64 clients', puts * LINE, started);
  await channel.close();
} finally {
  rmSync(dir, { recursive: true });
}
