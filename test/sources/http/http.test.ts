import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SluiceError } from '../../../src/errors.ts';
import { httpSource } from '../../../src/sources/http/index.ts';
import { SourceRun } from '../harness.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/flume/http');

interface Step {
  http?: string;
  path?: string;
  headers?: Record<string, string>;
  send?: string[];
}

function readLines(path: string): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function start(options: Record<string, string> = {}): Promise<{ run: SourceRun; url: string; port: number }> {
  const run = await new SourceRun(httpSource, { bind: '127.0.0.1', port: '0', ...options }).start();
  const port = Number(/listening on .*:(\d+)/.exec(run.log.lines.join('\n'))?.[1]);
  return { run, url: `http://127.0.0.1:${port}`, port };
}

async function replay(name: string, options: Record<string, string> = {}): Promise<void> {
  const dir = join(FIXTURES, name);
  const steps = (JSON.parse(readFileSync(join(dir, 'case.json'), 'utf8')) as { steps: Step[] }).steps;
  const { run, url } = await start(options);
  const statuses: number[] = [];
  for (const step of steps) {
    for (const input of step.send ?? []) {
      const body = readFileSync(join(dir, 'input', input));
      const response = await fetch(`${url}${step.path ?? '/'}`, { method: 'POST', headers: step.headers, body });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  }
  await run.stop();
  const responses = readLines(join(dir, 'expected/responses.jsonl'));
  assert.deepEqual(
    statuses,
    responses.map((response) => response['status']),
  );
  const events = readLines(join(dir, 'expected/events.k.jsonl'));
  assert.deepEqual(
    run.out.bodies('base64'),
    events.map((event) => event['bodyBase64'] ?? Buffer.from(String(event['body'])).toString('base64')),
  );
  assert.deepEqual(
    run.out.headers(),
    events.map((event) => event['headers']),
  );
}

describe('http source', () => {
  // In Flume a header whose value is null makes an event that its Avro serializer cannot write; here it is an event without that header.
  it('answers and emits what Flume does for every recorded JSON request', async () => {
    const dir = join(FIXTURES, 'json');
    const { run, url } = await start();
    const responses = readLines(join(dir, 'expected/responses.jsonl'));
    const seen: unknown[] = [];
    for (const { input } of responses) {
      const body = readFileSync(join(dir, 'input', String(input)));
      const headers = { 'Content-Type': 'application/json' };
      const before = run.out.rows;
      const response = await fetch(url, { method: 'POST', headers, body });
      await response.arrayBuffer();
      assert.equal(response.status, responses.find((one) => one['input'] === input)?.['status'], String(input));
      if (input === '27-null-header-value.json') {
        assert.deepEqual(run.out.bodies().slice(before), ['null header value']);
        assert.deepEqual(run.out.headers().slice(before), [{}]);
        continue;
      }
      run.out
        .bodies()
        .slice(before)
        .forEach((text, i) => {
          seen.push({ input, headers: run.out.headers()[before + i], body: text });
        });
    }
    await run.stop();
    assert.deepEqual(seen, readLines(join(dir, 'expected/events.k.jsonl')));
    assert.ok(run.out.options.every((options) => options?.forClient === true));
  });

  it('reads and encodes by the charset of the request', () => replay('charsets'));

  it('takes whole bodies with the blob handler', () =>
    replay('blob-core', {
      handler: 'org.apache.flume.source.http.BLOBHandler',
      'handler.mandatoryParameters': 'p',
    }));

  it('wants a parameter without a name when the blob handler has none, as Flume does', () =>
    replay('blob-core-no-parameters', { handler: 'org.apache.flume.source.http.BLOBHandler' }));

  it('cuts bodies at maxBlobLength with the handler of the morphline sink', async () => {
    const { run, url } = await start({
      handler: 'org.apache.flume.sink.solr.morphline.BlobHandler',
      'handler.maxBlobLength': '4',
    });
    const response = await fetch(`${url}/?p=1`, {
      method: 'POST',
      body: 'abcdefgh',
      headers: { 'Content-Type': 'a/b' },
    });
    assert.equal(response.status, 200);
    await run.stop();
    assert.deepEqual(run.out.bodies(), ['abcd']);
    assert.deepEqual(run.out.headers(), [{ p: '1', 'Content-Type': 'a/b' }]);
  });

  it('reads the parameters of a form with the blob handlers, and refuses those that are not encoded', async () => {
    const { run, url } = await start({ handler: 'org.apache.flume.sink.solr.morphline.BlobHandler' });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const send = async (path: string, body: string) =>
      (await fetch(`${url}${path}`, { method: 'POST', headers, body })).status;
    assert.equal(await send('/?a=1&x=0', 'x=1&y=2%20z'), 200);
    assert.equal(await send('/?a=%zz', ''), 500);
    await run.stop();
    assert.deepEqual(run.out.bodies(), ['']);
    assert.deepEqual(run.out.headers(), [{ a: '1', x: '0', y: '2 z', ...headers }]);
  });

  it('takes headers as a list of pairs, half a surrogate pair as Java does, and the charset as Jetty finds it', async () => {
    const { run, url } = await start();
    const send = async (type: string, body: string | Buffer) => {
      const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body: Buffer.from(body) });
      return response.status;
    };
    assert.equal(await send('text/json', '[{"headers":[["k","é"],["n",5]],"body":"\\ud800-é"},{"headers":[]}]'), 200);
    assert.deepEqual(run.out.headers(), [{ k: 'é', n: '5' }, {}]);
    assert.deepEqual(run.out.bodies(), ['?-é', '']);
    for (const wrong of ['[["k","v"],["k","w"]]', '[["k"]]', '["k"]', '[["k","v"],]', '[["k","v","w"]]'])
      assert.equal(await send('application/json', `[{"headers":${wrong}}]`), 400, wrong);
    for (const type of ['application/json; charset=utf8', 'text/plain;charset="UTF-8"'])
      await send(type, '[{"body":"é"}]');
    for (const type of ['application/json; version=1', 'application/json; charset=', 'application/json; Charset=utf-8'])
      await send(type, '[{"body":"é"}]');
    await run.stop();
    assert.deepEqual(run.out.bodies().slice(2), ['é', 'é', 'Ã©', 'Ã©', 'Ã©']);
  });

  it('answers 503 when the channel is full, and says so once', async () => {
    const { run, url } = await start();
    run.out.before = () => {
      throw new SluiceError('CHANNEL_FULL', 'c');
    };
    for (let i = 0; i < 3; i++) {
      const response = await fetch(url, { method: 'POST', body: '[{"body":"x"}]' });
      assert.equal(response.status, 503);
      assert.match(await response.text(), /Channel might be full/);
    }
    assert.equal(run.log.lines.filter((line) => line.startsWith('WARN')).length, 1);
    run.out.before = undefined;
    assert.equal((await fetch(url, { method: 'POST', body: '[{"body":"x"}]' })).status, 200);
    await run.stop();
    assert.equal(run.counters.EventReceivedCount, 4);
    assert.equal(run.counters.AppendBatchReceivedCount, 4);
    assert.equal(run.counters.AppendBatchAcceptedCount, 1);
  });

  it('refuses methods with the statuses of Flume', async () => {
    const { run, url } = await start();
    const seen: Record<string, number> = {};
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(url, { method });
      seen[method] = response.status;
      assert.equal(await response.text(), '', 'as Jetty, which has no page for them');
    }
    await run.stop();
    assert.deepEqual(seen, { PUT: 405, DELETE: 405, PATCH: 501, OPTIONS: 403 });
  });

  it('refuses a body above maxBodyBytes and keeps serving', async () => {
    const { run, url } = await start({ maxBodyBytes: '1000' });
    const big = `[{"body":"${'x'.repeat(1000)}"}]`;
    assert.equal((await fetch(url, { method: 'POST', body: big })).status, 413);
    assert.equal((await fetch(url, { method: 'POST', body: '[{"body":"x"}]' })).status, 200);
    await run.stop();
    assert.equal(run.counters.EventReadFail, 1);
    assert.deepEqual(run.out.bodies(), ['x']);
  });

  it('survives a client that goes away in the middle of a request', async () => {
    const { run, url, port } = await start();
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[{', () => socket.destroy());
      });
      socket.on('close', () => resolve());
    });
    assert.equal((await fetch(url, { method: 'POST', body: '[{"body":"x"}]' })).status, 200);
    await run.stop();
    assert.deepEqual(run.out.bodies(), ['x']);
  });

  it('answers on durability when told to', async () => {
    const { run, url } = await start({ ack: 'durable' });
    run.out.settle = false;
    let answered = false;
    const response = fetch(url, { method: 'POST', body: '[{"body":"x"},{"body":"y"}]' }).then((result) => {
      answered = true;
      return result;
    });
    await run.out.waitForRows(2);
    run.out.emitted[0].leg.settle(0, 1);
    assert.equal(answered, false);
    run.out.emitted[0].leg.settle(1, 2);
    assert.equal((await response).status, 200);
    await run.stop();
  });

  it('speaks TLS', async () => {
    const tls = join(import.meta.dirname, '../../fixtures/tls');
    const { run, port } = await start({
      enableSSL: 'true',
      keystore: join(tls, 'server.jks'),
      keystorePassword: 'changeit',
    });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const ca = readFileSync(join(tls, 'trust.pem'));
      const options = { port, method: 'POST', ca, checkServerIdentity: () => undefined, agent: false };
      const sent = request(options, (response) => resolve(response.resume().statusCode));
      sent.on('error', reject).end('[{"body":"secret"}]');
    });
    await run.stop();
    assert.equal(status, 200);
    assert.deepEqual(run.out.bodies(), ['secret']);
  });

  it('listens on loopback unless told otherwise', async () => {
    for (const [options, address] of [
      [{}, '127.0.0.1'],
      [{ bind: '0.0.0.0' }, '0.0.0.0'],
    ] as const) {
      const run = await new SourceRun(httpSource, { port: '0', ...options }).start();
      assert.match(run.log.lines.join('\n'), new RegExp(`listening on (http://)?${address}:`));
      await run.stop();
    }
  });

  it('names the address that is in use', async () => {
    const { run, port } = await start();
    const second = new SourceRun(httpSource, { bind: '127.0.0.1', port: String(port) });
    await assert.rejects(second.start(), (error: SluiceError) => {
      assert.equal(error.code, 'ADDRESS_IN_USE');
      assert.match(error.message, new RegExp(`127.0.0.1:${port}`));
      return true;
    });
    await run.stop();
  });

  it('answers what is under way before it stops', async () => {
    const { run, url } = await start();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    run.out.before = () => {
      entered.resolve();
      return gate.promise;
    };
    const response = fetch(url, { method: 'POST', body: '[{"body":"x"}]' });
    await entered.promise;
    const stopped = run.stop();
    gate.resolve();
    assert.equal((await response).status, 200);
    await stopped;
    assert.deepEqual(run.out.bodies(), ['x']);
  });
});
