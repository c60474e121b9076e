import assert from 'node:assert/strict';
import { request } from 'node:http';
import { SluiceError } from '../../../src/errors.ts';
import { waitFor } from '../../support/wait-for.ts';
import { FakeOutput, systemClock } from '../harness.ts';
import { auth, eventEnvelope, idOf, type Running, send, start } from './client.ts';

const FULL = new SluiceError('CHANNEL_FULL', 'no room');

describe('sentry source: what is answered when', () => {
  let running: Running;

  afterEach(() => running.run.stop());

  const post = (n: number, size = 0) =>
    send(running.port, { body: eventEnvelope(idOf(n), { message: 'x'.repeat(size) }) }).then(({ status }) => status);

  it('joins requests that come while a batch is handed over, and hands them over at once after it', async () => {
    const out = new FakeOutput();
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    running = await start({}, {}, out);
    const { counters } = running.run;
    const first = post(1);
    await waitFor(() => counters.EventReceivedCount === 1, { what: 'the first request' });
    const others = Promise.all([2, 3, 4, 5, 6].map((n) => post(n)));
    await waitFor(() => counters.EventReceivedCount === 6, { what: 'all requests' });
    gate.resolve();
    assert.equal(await first, 200);
    assert.deepEqual(await others, [200, 200, 200, 200, 200]);
    assert.deepEqual(
      out.emitted.map(({ batch }) => batch.length),
      [1, 5],
    );
    assert.ok(out.options.every((options) => (options?.patienceMs ?? 0) > 0 && options?.ownsMemory === true));
  });

  it('answers 429 and when to come again while the channel has no room, and 200 afterwards', async () => {
    const out = new FakeOutput();
    out.before = () => {
      throw FULL;
    };
    running = await start({ retryAfter: '7', maxWait: '5' }, {}, out);
    const { run } = running;
    const answer = await send(running.port, { body: eventEnvelope(idOf(1)) });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers['retry-after'], '7');
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(await post(2), 429);
    assert.equal(run.log.lines.filter((line) => line.startsWith('WARN requests are refused')).length, 1);
    out.before = undefined;
    // What was refused is not taken for a duplicate when it comes again.
    assert.equal(await post(1), 200);
    assert.equal(run.counters.EventDuplicateCount, 0);
    assert.equal(out.rows, 1);
    assert.equal(run.counters.AppendBatchAcceptedCount, 1);
    assert.ok(run.log.lines.includes('INFO The channel has room again.'));
  });

  it('lets a request wait no longer than maxWait, however many batches are in front of it', async () => {
    const out = new FakeOutput();
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    let now = 0;
    running = await start({ maxWait: '1000' }, { clock: { ...systemClock, monotonic: () => now } }, out);
    const { counters } = running.run;
    const first = post(1);
    await waitFor(() => counters.EventReceivedCount === 1, { what: 'the first' });
    now = 100;
    const second = post(2);
    await waitFor(() => counters.EventReceivedCount === 2, { what: 'the second' });
    now = 700;
    gate.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(
      out.options.map((options) => options?.patienceMs),
      [1000, 400],
    );
  });

  it('refuses at once when too much waits', async () => {
    const out = new FakeOutput();
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    running = await start({ maxWaiting: '2' }, {}, out);
    const waiting = [post(1), post(2)];
    await waitFor(() => running.run.counters.EventReceivedCount === 2, { what: 'two requests' });
    const third = await send(running.port, { body: eventEnvelope(idOf(3)) });
    assert.deepEqual([third.status, third.headers['retry-after']], [429, '10']);
    gate.resolve();
    assert.deepEqual(await Promise.all(waiting), [200, 200]);
  });

  it('answers when its own rows are durable, with ack = durable', async () => {
    const out = new FakeOutput();
    out.settle = false;
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    running = await start({ ack: 'durable' }, {}, out);
    const answers: number[] = [];
    const posts = [1, 2, 3].map(async (n) => {
      await post(n);
      answers.push(n);
    });
    await waitFor(() => running.run.counters.EventReceivedCount === 3, { what: 'three requests' });
    gate.resolve();
    await waitFor(() => out.rows === 3, { what: 'three rows' });
    assert.deepEqual(answers, []);
    const rows = out.emitted.flatMap(({ batch, leg }) =>
      Array.from({ length: batch.length }, (_, row) => ({ leg, row })),
    );
    for (const [i, { leg, row }] of rows.entries()) {
      leg.settle(row, row + 1);
      await waitFor(() => answers.length === i + 1, { what: `answer ${i + 1}` });
    }
    await Promise.all(posts);
  });

  it('answers 503 for what is not durable when the agent stops', async () => {
    const out = new FakeOutput();
    out.settle = false;
    running = await start({ ack: 'durable' }, {}, out);
    const waiting = post(1);
    await waitFor(() => out.rows === 1, { what: 'the row' });
    await running.run.stop();
    assert.equal(await waiting, 503);
  });

  it('answers what it has read when the agent stops, and does not wait for slow clients', async () => {
    const out = new FakeOutput();
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    running = await start({}, {}, out);
    const waiting = post(1);
    await waitFor(() => running.run.counters.EventReceivedCount === 1, { what: 'the request' });
    const slow = request({
      port: running.port,
      method: 'POST',
      path: '/api/42/envelope/',
      headers: auth(),
      agent: false,
    });
    const slowStatus = new Promise((resolve) =>
      slow.on('response', (response) => resolve(response.resume().statusCode)),
    );
    slow.write('{}\n');
    await waitFor(() => running.run.counters.OpenConnectionCount === 2, { what: 'the slow client' });
    const stopped = running.run.stop();
    setImmediate(gate.resolve);
    await stopped;
    assert.equal(await waiting, 200);
    assert.equal(await slowStatus, 503);
    slow.destroy();
  });

  it('keeps an event that comes twice once, and gives both the same fate', async () => {
    const out = new FakeOutput();
    const gate = Promise.withResolvers<void>();
    out.before = () => gate.promise;
    running = await start({}, {}, out);
    const { counters } = running.run;
    const first = post(1);
    await waitFor(() => counters.EventReceivedCount === 1, { what: 'the first' });
    const second = post(1);
    await waitFor(() => counters.EventDuplicateCount === 1, { what: 'the second' });
    const other = post(2);
    await waitFor(() => counters.EventReceivedCount === 3, { what: 'another' });
    gate.reject(FULL);
    assert.deepEqual(await Promise.all([first, second, other]), [429, 429, 429]);
    out.before = undefined;
    assert.deepEqual([await post(1), await post(1)], [200, 200]);
    assert.equal(out.rows, 1);
    assert.equal(counters.EventDuplicateCount, 2);
  });

  it('tells the new items of a request from those that have come before', async () => {
    running = await start();
    const { run, port } = running;
    const attachment = (text: string) => `\n{"type":"attachment","length":${text.length}}\n${text}`;
    const session = '\n{"type":"session"}\n{"sid":"1"}';
    const envelope = (...items: string[]) => ({ body: `{"event_id":"${idOf(1)}"}${items.join('')}` });
    const event = '\n{"type":"event"}\n{}';
    await send(port, envelope(event, attachment('a'), attachment('a'), session));
    assert.equal(run.out.rows, 4, 'nothing is a duplicate of what it comes with');
    await send(port, envelope(event, attachment('a'), attachment('b'), session));
    assert.deepEqual(run.out.bodies().slice(4), ['b', '{"sid":"1"}']);
    assert.equal(run.counters.EventDuplicateCount, 2);
    await send(port, { ...envelope(event), path: '/api/43/envelope/' });
    assert.equal(run.out.rows, 7, 'another project has ids of its own');
  });

  it('keeps everything with dedupe = false', async () => {
    running = await start({ dedupe: 'false' });
    assert.deepEqual([await post(1), await post(1)], [200, 200]);
    assert.equal(running.run.out.rows, 2);
  });
});
