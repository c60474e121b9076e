import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { SluiceError } from '../../../src/errors.ts';
import { freePorts } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import { FakeOutput } from '../harness.ts';
import { auth, eventEnvelope, idOf, KEY, type Running, send, start } from './client.ts';

/** What an operator sees of the sentry source, in its counters and its log. */
describe('counters and log of the sentry source', () => {
  let running: Running | undefined;

  afterEach(async () => {
    await running?.run.stop();
    running = undefined;
  });

  it('count what was scrubbed and what could not be read, from 0 on', async () => {
    running = await start();
    const { counters } = running.run;
    assert.equal(counters.EventScrubbedCount, 0);
    assert.equal(counters.EventUnparsedCount, 0);
    const secret = { message: 'x', extra: { password: 'hunter2' } };
    assert.equal((await send(running.port, { body: eventEnvelope(idOf(1), secret) })).status, 200);
    assert.equal((await send(running.port, { body: eventEnvelope(idOf(2)) })).status, 200);
    assert.equal((await send(running.port, { body: '{}\n{"type":"event"}\nno JSON' })).status, 200);
    // A repetition was counted before.
    assert.equal((await send(running.port, { body: eventEnvelope(idOf(1), secret) })).status, 200);
    assert.equal(counters.EventScrubbedCount, 1);
    assert.equal(counters.EventUnparsedCount, 1);
    assert.equal(counters.EventDuplicateCount, 1);
  });

  it('count the requests that the channel has no room for', async () => {
    const out = new FakeOutput();
    out.before = () => {
      throw new SluiceError('CHANNEL_FULL', 'c1 is full');
    };
    running = await start({}, {}, out);
    assert.equal(running.run.counters.RequestThrottledCount, 0);
    for (const n of [1, 2]) assert.equal((await send(running.port, { body: eventEnvelope(idOf(n)) })).status, 429);
    assert.equal(running.run.counters.RequestThrottledCount, 2);
    assert.equal(running.run.counters.EventReadFail, 0);
  });

  it('count what becomes of requests that are passed on', async () => {
    const statuses = [200, 400];
    const upstream = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(statuses.shift() ?? 500).end());
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
    try {
      running = await start({ forward: `http://127.0.0.1:${port}` });
      const { counters } = running.run;
      assert.equal(counters.ForwardedCount, 0);
      await send(running.port, { body: eventEnvelope(idOf(1)) });
      await waitFor(() => counters.ForwardedCount === 1, { what: 'the first' });
      await send(running.port, { body: eventEnvelope(idOf(2)) });
      await waitFor(() => counters.ForwardRefusedCount === 1, { what: 'the second' });
      assert.equal(counters.ForwardDroppedCount, 0);
      assert.equal(counters.ForwardRetriedCount, 0);
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });

  it('say where it listens, as a URL has it', async () => {
    running = await start({ bind: '::1' });
    const { lines } = running.run.log;
    assert.ok(lines.includes(`INFO listening on [::1]:${running.port}`), lines.join('\n'));
    assert.ok(lines.some((line) => line.includes(`@[::1]:${running?.port}/1 `)));
  });

  it('say whether the project or the key is wrong, to the operator alone and without the key', async () => {
    running = await start({ projects: `42:${KEY}` });
    const answers = [
      await send(running.port, { path: '/api/43/envelope/', body: eventEnvelope(idOf(1)) }),
      await send(running.port, { headers: auth('abcdefabcdef'), body: eventEnvelope(idOf(1)) }),
    ];
    for (const { status, text } of answers) {
      assert.equal(status, 403);
      assert.equal(JSON.parse(text).detail, 'event submission rejected with_reason: ProjectId');
    }
    const warnings = running.run.log.lines.filter((line) => line.startsWith('WARN'));
    assert.deepEqual(warnings, [
      'WARN refused a request with 403: project 43 is not in `projects`',
      'WARN refused a request with 403: its key is not one that `projects` has for project 42',
    ]);
  });
});
