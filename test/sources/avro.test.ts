import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { SluiceError } from '../../src/errors.ts';
import { encodeString } from '../../src/rpc/avro/cursor.ts';
import { encodeAppendBatch } from '../../src/rpc/avro/encode-events.ts';
import { encodeHandshakeRequest } from '../../src/rpc/avro/handshake.ts';
import { packOf } from '../../src/rpc/avro/pack.ts';
import { avroSource } from '../../src/sources/avro.ts';
import { RawPeer } from '../rpc/avro/raw-peer.ts';
import { batchOf } from '../support/batches.ts';
import { freePorts } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { SourceRun } from './harness.ts';

const fixtures = join(import.meta.dirname, '../fixtures/flume');

interface Reply {
  readonly input: string;
  readonly connection: string;
  readonly reply_hex: string;
  readonly closed_by_flume: boolean;
}

function jsonLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Runs a source on a free port. */
async function start(options: Record<string, string> = {}): Promise<{ run: SourceRun; port: number }> {
  const [port] = await freePorts(1);
  const run = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${port}`, ...options });
  await run.start();
  return { run, port: port! };
}

function request(serial: number, bodies: string[], first = false): Buffer {
  const call = Buffer.concat([Buffer.of(0), encodeString('appendBatch')]);
  const front = first ? Buffer.concat([encodeHandshakeRequest(false), call]) : call;
  const events = bodies.map((body) => ({ headers: { n: `${serial}` }, body }));
  return packOf(serial, [front, encodeAppendBatch(batchOf(events), 0, events.length)]);
}

const BOTH_OK = '000000010000000300000004000000000000000100000000020000';
const status = (serial: number, code: '00' | '02') =>
  `${serial.toString(16).padStart(8, '0')}0000000300000000000000010000000002${`00${code}`}`;

describe('avro source', () => {
  let running: SourceRun | undefined;
  const peers: RawPeer[] = [];

  async function open(port: number): Promise<RawPeer> {
    const peer = await RawPeer.open(port);
    peers.push(peer);
    return peer;
  }

  async function started(options: Record<string, string> = {}): Promise<number> {
    const { run, port } = await start(options);
    running = run;
    return port;
  }

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    await running?.stop();
    running = undefined;
  });

  const warnings = () => running!.log.lines.filter((line) => line.startsWith('WARN'));

  describe("answers as Flume's, byte for byte", () => {
    const dir = join(fixtures, 'wire/avro-source-by-hand');
    const replies = jsonLines<Reply>(join(dir, 'expected/responses.jsonl'));

    for (const connection of new Set(replies.map((reply) => reply.connection))) {
      // A pack without buffers leaves Flume hanging; here it ends the connection (see the test of hostile input).
      if (connection === 'zero-buffers') continue;
      it(`hand-made requests: ${connection}`, async () => {
        const peer = await open(await started());
        for (const reply of replies.filter((one) => one.connection === connection)) {
          peer.send(readFileSync(join(dir, 'input', reply.input)));
          const expected = Buffer.from(reply.reply_hex, 'hex');
          const received = await peer.read(expected.length);
          if (reply.input === '10-two-packs') {
            // The two replies come in either order.
            const half = expected.length / 2;
            const parts = [received.subarray(0, half), received.subarray(half)]
              .map((part) => part.toString('hex'))
              .sort();
            assert.deepEqual(
              parts.join(''),
              [expected.subarray(half), expected.subarray(0, half)].map((part) => part.toString('hex')).join(''),
            );
          } else {
            assert.equal(received.toString('hex'), expected.toString('hex'), reply.input);
          }
          if (reply.closed_by_flume) assert.equal((await peer.readAll()).length, 0);
        }
      });
    }

    for (const name of [
      'wire/avro',
      'wire/avro-batch-2',
      'avro-client/file',
      'avro-client/headers',
      'avro-client/stdin',
      'avro-client/dirname',
    ]) {
      it(`recorded connection: ${name}`, async () => {
        const wire = join(fixtures, name, 'expected/wire');
        const peer = await open(await started());
        const answers = readFileSync(join(wire, '1-from-source.bin'));
        peer.send(readFileSync(join(wire, '1-to-source.bin')));
        assert.equal((await peer.read(answers.length)).toString('hex'), answers.toString('hex'));
        const expected = jsonLines<{ headers: Record<string, string>; body?: string }>(
          join(fixtures, name, 'expected/events.k.jsonl'),
        );
        assert.deepEqual(
          running!.out.bodies(),
          expected.map((event) => event.body ?? ''),
        );
        assert.deepEqual(
          running!.out.headers(),
          expected.map((event) => event.headers),
        );
        assert.ok(running!.out.options.every((options) => options?.forClient));
      });
    }

    it('recorded connection with deflate: the same packs, a sync flush after each', async () => {
      const wire = join(fixtures, 'wire/avro-deflate/expected/wire');
      const inflate = (bytes: Buffer) => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
      const answers = inflate(readFileSync(join(wire, '1-from-source.bin')));
      const peer = await open(await started({ 'compression-type': 'deflate' }));
      peer.send(readFileSync(join(wire, '1-to-source.bin')));
      let received = Buffer.alloc(0);
      while (received.length === 0 || inflate(received).length < answers.length) {
        received = Buffer.concat([received, await peer.read(1)]);
      }
      assert.equal(inflate(received).toString('hex'), answers.toString('hex'));
      assert.equal(running!.out.rows, 4);
    });
  });

  it('answers FAILED when a channel has no room, and goes on', async () => {
    const peer = await open(await started());
    let full = true;
    running!.out.before = () => {
      if (full) throw new SluiceError('CHANNEL_FULL', 'channel c');
    };
    peer.send(request(1, ['a', 'b'], true));
    assert.equal((await peer.read(27)).toString('hex'), `${BOTH_OK.slice(0, -2)}02`);
    full = false;
    peer.send(request(2, ['a', 'b']));
    assert.equal((await peer.read(23)).toString('hex'), status(2, '00'));
    const { counters } = running!;
    assert.deepEqual(
      [counters.AppendBatchReceivedCount, counters.AppendBatchAcceptedCount, counters.EventReceivedCount],
      [2, 1, 4],
    );
    assert.equal(counters.OpenConnectionCount, 1);
  });

  it('answers an append that failed with an error, a full channel with FAILED', async () => {
    const peer = await open(await started());
    const event = readFileSync(join(fixtures, 'wire/avro-source-by-hand/input/1-handshake-append'));
    running!.out.before = () => {
      throw new Error('something else');
    };
    peer.send(event);
    assert.match((await peer.read(42)).toString('latin1'), /something else/);
    running!.out.before = () => {
      throw new SluiceError('CHANNEL_FULL', 'c');
    };
    peer.send(readFileSync(join(fixtures, 'wire/avro-source-by-hand/input/2-append')));
    assert.equal((await peer.read(23)).toString('hex'), status(2, '02'));
    assert.equal(running!.counters.AppendReceivedCount, 2);
    assert.equal(running!.counters.AppendAcceptedCount, 0);
  });

  it('answers only when the events are durable, with ack = durable', async () => {
    const peer = await open(await started({ ack: 'durable' }));
    running!.out.settle = false;
    peer.send(Buffer.concat([request(1, ['a'], true)]));
    await running!.out.waitForRows(1);
    peer.send(Buffer.concat([request(2, ['b']), request(3, ['c'])]));
    await running!.out.waitForRows(3);
    // The replies overtake each other as the batches settle.
    running!.out.emitted[2]!.leg.settle(0, 1);
    assert.equal((await peer.read(23)).toString('hex'), status(3, '00'));
    running!.out.emitted[0]!.leg.settle(0, 1);
    assert.equal((await peer.read(27)).toString('hex'), BOTH_OK);
    running!.out.emitted[1]!.leg.settle(0, 1);
    assert.equal((await peer.read(23)).toString('hex'), status(2, '00'));
  });

  it('at a stop answers what is under way, takes no more and hangs up', async () => {
    const port = await started();
    const peer = await open(port);
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    running!.out.before = () => {
      entered.resolve();
      return gate.promise;
    };
    peer.send(request(1, ['a'], true));
    await entered.promise;
    const stopped = running!.stop();
    peer.send(request(2, ['late']));
    gate.resolve();
    assert.equal((await peer.readAll()).toString('hex'), BOTH_OK);
    await stopped;
    assert.equal(running!.out.rows, 1);
    await assert.rejects(RawPeer.open(port), /ECONNREFUSED/);
    assert.equal(running!.counters.OpenConnectionCount, 0);
  });

  it('answers a client that has ended its side already', async () => {
    const peer = await open(await started());
    const gate = Promise.withResolvers<void>();
    running!.out.before = () => gate.promise;
    peer.send(request(1, ['a'], true));
    peer.socket.end();
    setImmediate(() => gate.resolve());
    assert.equal((await peer.readAll()).toString('hex'), BOTH_OK);
  });

  it('reports an address that is in use, so that the runner tries again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address!.port : 0;
    const run = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${port}` });
    await assert.rejects(
      run.start().then(() => run.ended()),
      (error) => error instanceof SluiceError && error.code === 'ADDRESS_IN_USE' && error.message.includes(`${port}`),
    );
    other.close();
    await once(other, 'close');
    const again = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${port}` });
    await again.start();
    await again.stop();
  });

  it('refuses who must not connect, by ipFilterRules', async () => {
    const peer = await open(
      await started({ ipFilter: 'true', ipFilterRules: 'allow:ip:10.0.0.*,deny:name:localhost' }),
    );
    peer.send(request(1, ['a'], true));
    assert.equal((await peer.readAll()).length, 0);
    await waitFor(() => warnings().length === 1);
    assert.match(warnings()[0]!, /ipFilterRules deny it/);
    assert.equal(running!.out.rows, 0);
  });

  it('refuses more connections than it may have', async () => {
    const port = await started({ 'max-connections': '1' });
    const first = await open(port);
    first.send(request(1, ['a'], true));
    await first.read(27);
    const second = await open(port);
    assert.equal((await second.readAll()).length, 0);
    assert.match(warnings()[0]!, /Refused the connection/);
    first.send(request(2, ['b']));
    assert.equal((await first.read(23)).toString('hex'), status(2, '00'));
  });

  it('reads no further while too much waits for the channels, and loses nothing by it', async () => {
    const port = await started({ 'max-in-flight-bytes': '20000' });
    const gate = Promise.withResolvers<void>();
    let waiting = 0;
    running!.out.before = () => {
      waiting++;
      return gate.promise;
    };
    const peer = await open(port);
    peer.send(request(1, ['x'.repeat(100)], true));
    await waitFor(() => waiting === 1);
    const body = 'y'.repeat(10_000);
    const sent = 2000;
    for (let i = 2; i <= sent; i++) peer.send(request(i, [body]));
    // What one read of the socket brought has been taken; the rest waits in the kernel and in the peer.
    await waitFor(() => waiting > 1 && peer.socket.writableLength > 0);
    assert.ok(waiting < 300, `${waiting}`);
    gate.resolve();
    const replies = await peer.read(27 + 23 * (sent - 1));
    assert.equal(replies.length, 27 + 23 * (sent - 1));
    assert.equal(running!.out.rows, sent);
    const ns = running!.out.headers().map((headers) => Number(headers['n']));
    assert.deepEqual(
      ns,
      Array.from({ length: sent }, (_, i) => i + 1),
    );
  });

  describe('with hostile input, one clear line and nothing else harmed:', () => {
    const garbage: [string, Buffer, RegExp][] = [
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /the peer speaks HTTP/],
      ['a TLS client', Buffer.from('16030100c8010000c40303', 'hex'), /speaks TLS/],
      ['a deflating client', deflateSync('x'), /sends deflate/],
      [
        'a hostile length',
        Buffer.from('00000001000000017fffffff', 'hex'),
        /A limit was exceeded: a pack of 2147483647 bytes/,
      ],
      ['a hostile count', Buffer.from('000000017fffffff', 'hex'), /a pack of 2147483647 buffers/],
      ['a pack without buffers', Buffer.from('0000000100000000', 'hex'), /a pack of 0 buffers/],
      [
        'random bytes',
        Buffer.from('000000010000000100000010ffffffffffffffffffffffffffffffff', 'hex'),
        /end in the middle/,
      ],
    ];
    for (const [what, bytes, line] of garbage) {
      it(what, async () => {
        const port = await started();
        const good = await open(port);
        good.send(request(1, ['before'], true));
        await good.read(27);
        const bad = await open(port);
        bad.send(bytes);
        assert.equal((await bad.readAll()).length, 0);
        assert.equal(warnings().length, 1);
        assert.match(warnings()[0]!, line);
        assert.match(warnings()[0]!, /127\.0\.0\.1:\d+/);
        assert.equal(running!.counters.EventReadFail, 1);
        good.send(request(2, ['after']));
        assert.equal((await good.read(23)).toString('hex'), status(2, '00'));
        assert.deepEqual(running!.out.bodies(), ['before', 'after']);
      });
    }

    it('half a frame and then nothing: dropped after stall-timeout', async () => {
      const peer = await open(await started({ 'stall-timeout': '150' }));
      peer.send(request(1, ['whole'], true));
      await peer.read(27);
      peer.send(request(2, ['half']).subarray(0, 30));
      await peer.readAll();
      assert.match(warnings()[0]!, /half a request, and nothing more for 150 ms/);
    });

    it('a client that never begins the TLS handshake: dropped after stall-timeout', async () => {
      const keystore = join(fixtures, '../tls/server.jks');
      const port = await started({ ssl: 'true', keystore, 'keystore-password': 'changeit', 'stall-timeout': '150' });
      const peer = await open(port);
      await peer.readAll();
      assert.match(warnings()[0]!, /no TLS handshake within 150 ms/);
    });

    it('many half requests at a time: the largest goes, the others may go on', async () => {
      const port = await started({ 'max-frame-size': '100000' });
      const half = request(1, ['x'.repeat(99_000)], true).subarray(0, 90_000);
      const many = await Promise.all(Array.from({ length: 5 }, () => open(port)));
      // 4 largest requests are the bound for all unfinished ones together.
      for (const peer of many) peer.send(half);
      await waitFor(() => warnings().length > 0);
      assert.match(warnings()[0]!, /unfinished requests of all connections hold over 400000 bytes/);
      const rest = request(1, ['x'.repeat(99_000)], true).subarray(90_000);
      for (const peer of many) peer.send(rest);
      const answers = await Promise.all(many.map((peer) => peer.read(27)));
      assert.equal(answers.filter((answer) => answer.toString('hex') === BOTH_OK).length, 4);
      assert.equal(running!.out.rows, 4);
    });

    it('half a frame and a hang-up', async () => {
      const peer = await open(await started());
      peer.send(request(1, ['half'], true).subarray(0, 60));
      peer.socket.end();
      await peer.readAll();
      assert.match(warnings()[0]!, /hung up in the middle of a request/);
    });

    it('nothing at all: kept for ever, or dropped after idle-timeout', async () => {
      const peer = await open(await started({ 'idle-timeout': '120', 'stall-timeout': '100' }));
      await peer.readAll();
      assert.match(warnings()[0]!, /silent for 120 ms/);
      assert.equal(running!.counters.EventReadFail, 0);
    });

    it('a request that cannot be decoded is answered with an error, and the connection goes on', async () => {
      const peer = await open(await started());
      peer.send(request(1, ['a'], true));
      await peer.read(27);
      // A count of events that the request cannot hold.
      const call = Buffer.concat([Buffer.of(0), encodeString('appendBatch')]);
      peer.send(packOf(2, [call, Buffer.from('feffffffffff7f', 'hex')]));
      const head = await peer.read(21);
      assert.match((await peer.read(head.readInt32BE(17))).toString('latin1'), /a count of/);
      peer.send(request(3, ['b']));
      assert.equal((await peer.read(23)).toString('hex').slice(-4), '0000');
    });

    it('many connections that say wrong things: the lines are limited', async () => {
      const port = await started();
      for (let i = 0; i < 40; i++) {
        const bad = await RawPeer.open(port);
        bad.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
        await bad.readAll();
      }
      assert.equal(warnings().length, 20);
    });

    it('a client that never reads its replies is not read from without end', async () => {
      const port = await started();
      const peer = await open(port);
      peer.socket.pause();
      const ping = packOf(1, [
        Buffer.concat([Buffer.alloc(16, 1), Buffer.of(0), Buffer.alloc(16, 1), Buffer.of(0, 0, 0)]),
      ]);
      const many = Buffer.concat(Array.from({ length: 20_000 }, () => ping));
      for (let i = 0; i < 20; i++) peer.send(many);
      // 400,000 answers of 1.3 KB each would be 540 MB: the peer's bytes stay with the peer.
      const other = await open(port);
      other.send(request(1, ['a'], true));
      await other.read(27);
      // While another is served many times, nothing more is taken from the first.
      for (let i = 2; i < 300; i++) {
        other.send(request(i, ['a']));
        await other.read(23);
      }
      assert.ok(peer.socket.writableLength > 0);
      peer.socket.resume();
      assert.equal((await peer.read(1_000_000)).length, 1_000_000);
    });
  });
});
