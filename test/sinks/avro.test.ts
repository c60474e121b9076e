import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { newSinkCounters } from '../../src/component/counters.ts';
import type { Sink } from '../../src/component/sink.ts';
import { type ErrorCode, SluiceError } from '../../src/errors.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { bind } from '../../src/options/bind.ts';
import { PackDecoder } from '../../src/rpc/avro/pack.ts';
import { avroSink } from '../../src/sinks/avro.ts';
import { avroSource } from '../../src/sources/avro.ts';
import { type FakeOutput, SourceRun } from '../sources/harness.ts';
import { batchOf } from '../support/batches.ts';
import { componentContext, memoryLogger } from '../support/context.ts';
import { freePorts } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const never = new AbortController().signal;
const OK = Buffer.from('000000010000000300000004000000000000000100000000020000', 'hex');

function ok(serial: number): Buffer {
  const bytes = Buffer.from('0000000200000003000000000000000100000000020000', 'hex');
  bytes.writeInt32BE(serial, 0);
  return bytes;
}

function failsWith(code: ErrorCode, pattern?: RegExp) {
  return (error: unknown) =>
    error instanceof SluiceError && error.code === code && (pattern === undefined || pattern.test(error.message));
}

function batch(...bodies: string[]): EventBatch {
  return batchOf(bodies.map((body) => ({ headers: { host: 'h' }, body })));
}

/** The values of a configuration's texts. */
function bound(options: Record<string, string | number>): Readonly<Record<string, unknown>> {
  const raw = new Map(Object.entries(options).map(([name, value]) => [name, { text: `${value}` }]));
  const { values, problems } = bind(avroSink, raw, 'sink k', () => ({ known: [] }));
  assert.deepEqual(
    problems.filter((problem) => problem.severity === 'error'),
    [],
  );
  return values;
}

class Fixture {
  readonly counters = newSinkCounters();
  readonly log = memoryLogger();
  readonly sink: Sink;

  constructor(port: number, options: Record<string, string | number> = {}) {
    const values = bound({ hostname: '127.0.0.1', port, ...options });
    this.sink = avroSink.create(values, {
      ...componentContext('k', { log: this.log }),
      counters: this.counters,
    });
  }
}

describe('avro sink', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).reverse()) await clean();
  });

  async function source(
    options: Record<string, string> = {},
    port?: number,
  ): Promise<{ run: SourceRun; port: number }> {
    const at = port ?? (await freePorts(1))[0]!;
    const run = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${at}`, ...options });
    await run.start();
    cleanUp.push(() => run.stop());
    return { run, port: at };
  }

  async function sink(port: number, options: Record<string, string | number> = {}): Promise<Fixture> {
    const fixture = new Fixture(port, options);
    await fixture.sink.open();
    cleanUp.push(() => fixture.sink.close(never));
    return fixture;
  }

  /** A peer that answers as the test says; `onPack` gets each request. */
  async function peer(onPack: (socket: Socket, serial: number, payload: Buffer, connection: number) => void) {
    const sockets = new Set<Socket>();
    let connections = 0;
    const received: Buffer[] = [];
    const server: Server = createServer((socket) => {
      const connection = ++connections;
      sockets.add(socket);
      const decoder = new PackDecoder(1 << 30, (serial, payload) => onPack(socket, serial, payload, connection));
      socket.on('data', (chunk: Buffer) => {
        received.push(chunk);
        decoder.push(chunk);
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return {
      port: (server.address() as AddressInfo).port,
      bytes: () => Buffer.concat(received),
      connections: () => connections,
    };
  }

  it("sends Flume's bytes", async () => {
    for (const [name, size] of [
      ['avro', 100],
      ['avro-batch-2', 2],
    ] as const) {
      const wire = readFileSync(join(fixtures, `flume/wire/${name}/expected/wire/1-to-source.bin`));
      const events = ['1.json', '2.json'].flatMap((input, i) => {
        const list = JSON.parse(readFileSync(join(fixtures, `flume/wire/${name}/input/${input}`), 'utf8')) as {
          headers: Record<string, string>;
          body: string;
        }[];
        // The order in which Java's map gives the headers.
        return list.map((event) => ({
          i,
          ...event,
          headers: Object.fromEntries(Object.entries(event.headers).reverse()),
        }));
      });
      const server = await peer((socket, serial) => socket.write(serial === 1 ? OK : ok(serial)));
      const { sink: client } = await sink(server.port, { 'batch-size': size });
      assert.equal(client.window.rows, size);
      for (const i of [0, 1]) {
        const rows = events.filter((event) => event.i === i);
        for (let from = 0; from < rows.length; from += size) {
          await client.deliver(batchOf(rows.slice(from, from + size)), never);
        }
      }
      assert.equal(server.bytes().toString('hex'), wire.toString('hex'));
    }
  });

  it('has several requests in flight and takes the answers in any order', async () => {
    const waiting: [Socket, number][] = [];
    const server = await peer((socket, serial) => {
      if (serial === 1) socket.write(OK);
      else waiting.push([socket, serial]);
    });
    const { sink: client, counters } = await sink(server.port, { 'max-in-flight': 4 });
    assert.equal(client.window.deliveries, 4);
    await client.deliver(batch('first'), never);
    const done: number[] = [];
    const deliveries = [2, 3, 4].map((n) => client.deliver(batch(`${n}`), never).then(() => done.push(n)));
    await waitFor(() => waiting.length === 3);
    for (const i of [2, 0, 1]) {
      const [socket, serial] = waiting[i]!;
      socket.write(ok(serial));
      await waitFor(() => done.includes(serial));
    }
    await Promise.all(deliveries);
    assert.deepEqual(done, [4, 2, 3]);
    assert.equal(server.connections(), 1);
    assert.equal(counters.ConnectionCreatedCount, 1);
  });

  it('lets the first request shake hands before it sends the others', async () => {
    const serials: number[] = [];
    const server = await peer((socket, serial) => {
      serials.push(serial);
      if (serial === 1) {
        setImmediate(() => {
          assert.deepEqual(serials, [1]);
          socket.write(OK);
        });
      } else socket.write(ok(serial));
    });
    const { sink: client } = await sink(server.port);
    await Promise.all(['a', 'b', 'c'].map((body) => client.deliver(batch(body), never)));
    assert.deepEqual(serials, [1, 2, 3]);
  });

  it('sends its protocol when the server asks for it, and takes a server that knows another one', async () => {
    // NONE: no protocol, a hash of the server; then CLIENT.
    const none = Buffer.from(`0000000100000001000000150400${'02'}${'11'.repeat(16)}0000`, 'hex');
    const client2 = Buffer.from(
      `000000010000000300000014${'0200'}02${'11'.repeat(16)}00000000010000000002${'0000'}`,
      'hex',
    );
    const requests: Buffer[] = [];
    const server = await peer((socket, _serial, payload) => {
      requests.push(payload);
      socket.write(requests.length === 1 ? none : client2);
    });
    none.writeInt32BE(none.length - 12, 8);
    const { sink: client } = await sink(server.port);
    await client.deliver(batch('a'), never);
    assert.equal(requests.length, 2);
    assert.match(requests[1]!.toString('latin1'), /Licensed to the Apache/);
    assert.match(requests[1]!.toString('latin1'), /\x11{16}/);
    assert.ok(requests[1]!.subarray(-10).equals(requests[0]!.subarray(-10)));
  });

  it('rejects what FAILED, keeps what the peer took, and connects anew', async () => {
    const server = await peer((socket, serial, payload, connection) => {
      const answer = serial === 1 ? Buffer.from(OK) : ok(serial);
      if (connection === 1 && payload.includes('bad')) answer[answer.length - 1] = 2;
      setImmediate(() => socket.write(answer));
    });
    const { sink: client, counters } = await sink(server.port);
    await client.deliver(batch('first'), never);
    const results = await Promise.allSettled(
      ['good', 'bad', 'good too'].map((body) => client.deliver(batch(body), never)),
    );
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok(failsWith('PEER_REFUSED', /answered FAILED/)((results[1] as PromiseRejectedResult).reason));
    await client.deliver(batch('bad'), never);
    assert.equal(server.connections(), 2);
    assert.deepEqual(
      [
        counters.ConnectionCreatedCount,
        counters.ConnectionClosedCount,
        counters.ConnectionFailedCount,
        counters.EventWriteFail,
      ],
      [2, 1, 0, 1],
    );
  });

  it('tells what the peer says is wrong', async () => {
    const server = await peer((socket) => {
      socket.write(Buffer.from(`00000001000000030000000400000000000000010000000006${'0100'}06${'6f7570'}`, 'hex'));
    });
    const { sink: client } = await sink(server.port);
    await assert.rejects(client.deliver(batch('a'), never), failsWith('PEER_REFUSED', /oup/));
  });

  it('rejects everything without an answer when the connection is lost', async () => {
    const server = await peer((socket, serial) => {
      if (serial === 1) socket.write(OK);
      else if (serial === 3) socket.destroy();
    });
    const { sink: client, counters } = await sink(server.port);
    await client.deliver(batch('first'), never);
    const results = await Promise.allSettled(['a', 'b', 'c'].map((body) => client.deliver(batch(body), never)));
    for (const result of results) assert.ok(failsWith('CONNECTION_LOST')((result as PromiseRejectedResult).reason));
    await client.deliver(batch('again'), never);
    assert.equal(counters.ConnectionCreatedCount, 2);
  });

  it('gives a silent peer up: before the handshake, and after it', async () => {
    const silent = await peer(() => {});
    const first = await sink(silent.port, { 'connect-timeout': 1000 });
    await assert.rejects(first.sink.deliver(batch('a'), never), failsWith('PEER_TIMEOUT', /no answer within 1000 ms/));
    const later = await peer((socket, serial) => serial === 1 && socket.write(OK));
    const second = await sink(later.port, { 'request-timeout': 1000 });
    await second.sink.deliver(batch('a'), never);
    await assert.rejects(second.sink.deliver(batch('b'), never), failsWith('PEER_TIMEOUT', /no answer within 1000 ms/));
  });

  it('is open although nobody listens, and delivers when somebody does', async () => {
    const [port] = await freePorts(1);
    const { sink: client, counters, log } = await sink(port!);
    await waitFor(() =>
      log.lines.some((line) => /WARN The peer cannot be reached: 127\.0\.0\.1:\d+ .*tried again/.test(line)),
    );
    await assert.rejects(client.deliver(batch('a'), never), failsWith('CONNECTION_FAILED'));
    assert.equal(counters.ConnectionFailedCount, 2);
    const { run } = await source({}, port);
    await client.deliver(batch('a'), never);
    assert.deepEqual(run.out.bodies(), ['a']);
  });

  it('gives up at once when it is told to', async () => {
    const server = await peer((socket, serial) => serial === 1 && socket.write(OK));
    const { sink: client } = await sink(server.port);
    await client.deliver(batch('a'), never);
    const controller = new AbortController();
    const delivery = client.deliver(batch('b'), controller.signal);
    controller.abort(new Error('deadline'));
    await assert.rejects(delivery, failsWith('CONNECTION_LOST', /given up/));
  });

  const wrong: [string, Buffer, RegExp][] = [
    ['speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /HTTP/],
    ['speaks TLS', Buffer.from('15030300020246', 'hex'), /TLS/],
    ['sends a hostile length', Buffer.from('00000001000000017fffffff', 'hex'), /at most 1048576/],
    ['answers what was not asked', ok(77), /not sent/],
    ['sends garbage', Buffer.from('0000000100000001000000049a9a9a9a', 'hex'), /./],
  ];
  for (const [what, answer, pattern] of wrong) {
    it(`a peer that ${what} gets an error that says so`, async () => {
      const server = await peer((socket) => socket.write(answer));
      const { sink: client } = await sink(server.port);
      await assert.rejects(client.deliver(batch('a'), never), failsWith('PROTOCOL', pattern));
    });
  }

  it('connects anew after reset-connection-interval, and the answers under way still come', async () => {
    const { run, port } = await source({ ack: 'durable' });
    let now = 0;
    const fixture = new Fixture(port, { 'reset-connection-interval': 10 });
    const clock = { ...componentContext('k').clock, now: () => now, monotonic: () => now, sleep: async () => {} };
    const values = bound({ hostname: '127.0.0.1', port, 'reset-connection-interval': 10 });
    const client = avroSink.create(values, { ...componentContext('k', { clock }), counters: fixture.counters });
    cleanUp.push(() => client.close(never));
    await client.open();
    run.out.settle = false;
    const delivery = client.deliver(batch('a'), never);
    await run.out.waitForRows(1);
    now = 9000;
    await client.maintain!(now);
    assert.equal(fixture.counters.ConnectionClosedCount, 0);
    now = 10_000;
    await client.maintain!(now);
    assert.equal(fixture.counters.ConnectionClosedCount, 1);
    run.out.emitted[0]!.leg.settle(0, 1);
    await delivery;
    run.out.settle = true;
    await client.deliver(batch('b'), never);
    assert.equal(fixture.counters.ConnectionCreatedCount, 2);
  });

  it('splits a batch of more bytes than a request may have', async () => {
    const { run, port } = await source();
    const { sink: client } = await sink(port, { 'batch-size': 1000 });
    const rows = Array.from({ length: 5 }, (_, i) => ({ body: Buffer.alloc(7 << 20, i) }));
    await client.deliver(batchOf(rows), never);
    assert.equal(run.out.rows, 5);
    assert.equal(run.out.emitted.length, 3);
    for (const { batch: got } of run.out.emitted) assert.ok(got.bodyBytes() <= 16 << 20);
  });

  describe('to an avro source of ours', () => {
    const p12 = { keystore: join(fixtures, 'tls/server.p12'), 'keystore-type': 'PKCS12' };
    const tls = { ssl: 'true', 'keystore-password': 'changeit' };
    const trust = { ssl: 'true', truststore: join(fixtures, 'tls/trust.jks'), 'truststore-password': 'changeit' };
    const pairs: [string, Record<string, string>, Record<string, string>][] = [
      ['plain', {}, {}],
      ['deflate', { 'compression-type': 'deflate' }, { 'compression-type': 'deflate', 'compression-level': '1' }],
      ['TLS, JKS on both ends', { ...tls, keystore: join(fixtures, 'tls/server.jks') }, trust],
      [
        'TLS, PKCS#12 and PEM',
        { ...tls, ...p12 },
        { ssl: 'true', truststore: join(fixtures, 'tls/trust.pem'), 'truststore-type': 'PEM' },
      ],
      [
        'TLS 1.2 and trust-all-certs',
        { ...tls, ...p12, 'include-protocols': 'TLSv1.2' },
        { ssl: 'true', 'trust-all-certs': 'true' },
      ],
      [
        'TLS by another name than the certificate has',
        { ...tls, ...p12, bind: '0.0.0.0' },
        { ...trust, hostname: '127.0.0.2' },
      ],
      ['TLS and the host name', { ...tls, ...p12 }, { ...trust, 'verify-hostname': 'true', hostname: 'localhost' }],
      [
        'TLS inside deflate',
        { ...tls, ...p12, 'compression-type': 'deflate' },
        { ...trust, 'compression-type': 'deflate' },
      ],
    ];
    for (const [what, sourceOptions, sinkOptions] of pairs) {
      it(`brings every event over, large and small, in order: ${what}`, async () => {
        const { run, port } = await source(sourceOptions);
        const { sink: client } = await sink(port, sinkOptions);
        const sent: string[] = [];
        const deliveries: Promise<void>[] = [];
        for (let i = 0; i < 40; i++) {
          const bodies = Array.from(
            { length: 1 + (i % 7) * 40 },
            (_, row) => `${i}/${row} ${'x'.repeat((i * row) % 3000)}`,
          );
          sent.push(...bodies);
          deliveries.push(client.deliver(batch(...bodies), never));
          if (i % 8 === 7) await Promise.all(deliveries.splice(0));
        }
        await Promise.all(deliveries);
        assert.deepEqual(run.out.bodies(), sent);
        assert.equal(run.counters.EventReceivedCount, sent.length);
      });
    }

    const mismatches: [string, Record<string, string>, Record<string, string>, ErrorCode, RegExp][] = [
      ['TLS to plain', {}, { ...trust }, 'CONNECTION_LOST', /agree in ssl/],
      ['plain to TLS', { ...tls, ...p12 }, {}, 'CONNECTION_LOST', /agree in ssl/],
      [
        'deflate to plain',
        {},
        { 'compression-type': 'deflate' },
        'CONNECTION_LOST',
        /agree in ssl and compression-type/,
      ],
      [
        'plain to deflate',
        { 'compression-type': 'deflate' },
        {},
        'CONNECTION_LOST',
        /agree in ssl and compression-type/,
      ],
      [
        'an untrusted certificate',
        { ...tls, keystore: join(fixtures, 'tls/other.jks') },
        trust,
        'TLS_SETTINGS',
        /not trusted/,
      ],
      [
        'another host name',
        { ...tls, ...p12 },
        { ...trust, 'verify-hostname': 'true', hostname: '127.0.0.2' },
        'TLS_SETTINGS',
        /not trusted/,
      ],
    ];
    for (const [what, sourceOptions, sinkOptions, code, pattern] of mismatches) {
      it(`says what is wrong: ${what}`, async () => {
        const { run, port } = await source({ ...sourceOptions, bind: '0.0.0.0' });
        const { sink: client } = await sink(port, sinkOptions);
        await assert.rejects(client.deliver(batch('a'), never), failsWith(code, pattern));
        // A client that does not trust us just hangs up; whatever else is wrong, the source says so too.
        if (code !== 'TLS_SETTINGS') {
          await waitFor(() => run.log.lines.some((line) => line.startsWith('WARN Dropped')), {
            what: 'a line of the source',
          });
        }
        assert.equal(run.out.rows, 0);
      });
    }
  });

  it('brings everything over a source that is stopped and started in mid-stream', async () => {
    const [port] = await freePorts(1);
    const seen = new Set<string>();
    const { sink: client } = await sink(port!, { 'batch-size': 10 });
    const all = Array.from({ length: 300 }, (_, i) => `event ${i}`);
    let next = 0;
    for (let life = 0; life < 3; life++) {
      const run = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${port}` });
      await run.start();
      const until = all.length * ((life + 1) / 3);
      let stopping: Promise<void> | undefined;
      while (next < until) {
        const part = all.slice(next, next + 10);
        try {
          const delivery = client.deliver(batch(...part), never);
          if (next + 10 >= until) stopping = run.stop();
          await delivery;
          next += 10;
        } catch (error) {
          assert.ok(error instanceof SluiceError);
          if (stopping !== undefined) break;
        }
      }
      await (stopping ?? run.stop());
      for (const body of (run.out as FakeOutput).bodies()) seen.add(body);
    }
    if (next < all.length) {
      const { run } = await source({}, port);
      await client.deliver(batch(...all.slice(next)), never);
      for (const body of run.out.bodies()) seen.add(body);
    }
    assert.equal(seen.size, all.length);
  });
});
