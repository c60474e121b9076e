import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Logger } from '../../src/component/context.ts';
import { EventBatch } from '../../src/event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn } from '../../src/event/header-columns.ts';
import { AvroClient } from '../../src/rpc/avro/client.ts';
import { DEFAULT_MAX_FRAME_BYTES } from '../../src/rpc/avro/pack.ts';
import { AvroServer } from '../../src/rpc/avro/server.ts';
import { clientTls, serverTls } from '../../src/rpc/tls/settings.ts';

/**
 * The Avro wire alone, between two processes: lines as taildir makes them go out through a client, and come in at a server that counts
 * them. `node test/bench/rpc-avro.ts [seconds]` prints a table; CPU is that of each process in ns an event.
 */

const ROWS = 5000;
const IN_FLIGHT = 8;
const fixtures = join(import.meta.dirname, '../fixtures/tls');
const globals = { systemProperties: new Map<string, string>(), env: {} };
const restrictions = {
  'exclude-protocols': [],
  'include-protocols': undefined,
  'exclude-cipher-suites': undefined,
  'include-cipher-suites': undefined,
};

interface Settings {
  readonly tls: boolean;
  readonly deflate: boolean;
}

const silent: Logger = { isDebug: false, error: console.error, warn: console.error, info: () => {}, debug: () => {} };

async function serve(settings: Settings): Promise<void> {
  let rows = 0;
  const server = await AvroServer.listen({
    host: '127.0.0.1',
    port: 0,
    deflate: settings.deflate,
    tls: serverTls(
      {
        ssl: settings.tls,
        keystore: join(fixtures, 'server.jks'),
        'keystore-password': 'changeit',
        'keystore-type': undefined,
        ...restrictions,
      },
      globals,
    ),
    maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
    maxConnections: 10,
    stallTimeoutMs: 10_000,
    idleTimeoutMs: 0,
    maxInFlightBytes: 16 << 20,
    log: silent,
    clock: { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} },
    handle: async (batch) => {
      rows += batch.length;
      return 'OK';
    },
  });
  process.send?.({ port: server.port });
  process.on('message', () => {
    process.send?.({ rows, cpu: process.cpuUsage(), rss: process.resourceUsage().maxRSS });
  });
  process.on('disconnect', () => process.exit(0));
}

function lines(bytes: number, headers: readonly HeaderColumn[]): EventBatch {
  const body = Buffer.alloc(ROWS * (bytes + 1), 0x61);
  const starts = new Uint32Array(ROWS);
  const ends = new Uint32Array(ROWS);
  for (let i = 0; i < ROWS; i++) {
    starts[i] = i * (bytes + 1);
    ends[i] = starts[i]! + bytes;
    body[ends[i]!] = 0x0a;
  }
  return new EventBatch({ body, starts, ends, headers, delimiter: 0x0a });
}

async function send(port: number, settings: Settings, batch: EventBatch, seconds: number): Promise<number> {
  const client = await AvroClient.connect({
    host: '127.0.0.1',
    port,
    connectTimeoutMs: 5000,
    requestTimeoutMs: 20_000,
    deflateLevel: settings.deflate ? 1 : undefined,
    tls: clientTls(
      {
        ssl: settings.tls,
        'trust-all-certs': true,
        'verify-hostname': false,
        truststore: undefined,
        'truststore-password': undefined,
        'truststore-type': undefined,
        ...restrictions,
      },
      globals,
      'localhost',
    ),
  });
  let rows = 0;
  const until = performance.now() + seconds * 1000;
  const lane = async () => {
    while (performance.now() < until) {
      await client.appendBatch(batch, 0, ROWS);
      rows += ROWS;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  client.close();
  return rows;
}

async function ask<T>(child: ChildProcess, message: unknown): Promise<T> {
  const answer = once(child, 'message');
  child.send(message as object);
  return (await answer)[0] as T;
}

interface Usage {
  readonly cpu: NodeJS.CpuUsage;
  readonly rss: number;
}

async function measure(name: string, settings: Settings, batch: EventBatch, seconds: number): Promise<void> {
  const child = fork(import.meta.filename, ['server', JSON.stringify(settings)]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  await send(port, settings, batch, 0.5);
  const before = await ask<Usage>(child, 'usage');
  const cpu = process.cpuUsage();
  const start = performance.now();
  const rows = await send(port, settings, batch, seconds);
  const elapsed = (performance.now() - start) / 1000;
  const own = process.cpuUsage(cpu);
  const after = await ask<Usage>(child, 'usage');
  child.disconnect();
  await once(child, 'exit');
  const perEvent = (usage: NodeJS.CpuUsage) => (((usage.user + usage.system) * 1000) / rows).toFixed(0).padStart(5);
  const peer = { user: after.cpu.user - before.cpu.user, system: after.cpu.system - before.cpu.system };
  const rate = rows / elapsed;
  console.log(
    `${name.padEnd(34)} ${Math.round(rate).toLocaleString('en').padStart(10)} events/s ${((rate * batch.bodyBytes()) / ROWS / 1e6).toFixed(0).padStart(5)} MB/s` +
      `   client ${perEvent(own)} ns, ${Math.round(process.resourceUsage().maxRSS / 1024)} MB   server ${perEvent(peer)} ns, ${Math.round(after.rss / 1024)} MB`,
  );
}

const [role, argument] = process.argv.slice(2);
if (role === 'server') {
  await serve(JSON.parse(argument!) as Settings);
} else {
  const seconds = Number(role ?? 4);
  const file = new ConstantColumn('file', '/var/log/sentry/sentry-web.log');
  const offsets = new NumberColumn(
    'byteoffset',
    Float64Array.from({ length: ROWS }, (_, i) => 1e9 + i * 321),
  );
  const plain = { tls: false, deflate: false };
  await measure('320 bytes, no header', plain, lines(320, []), seconds);
  await measure('320 bytes, a constant header', plain, lines(320, [file]), seconds);
  await measure('320 bytes, and a number in each row', plain, lines(320, [file, offsets]), seconds);
  await measure('20 bytes, a constant header', plain, lines(20, [file]), seconds);
  await measure('320 bytes, TLS', { tls: true, deflate: false }, lines(320, [file]), seconds);
  await measure('320 bytes, deflate 1', { tls: false, deflate: true }, lines(320, [file]), seconds);
}
