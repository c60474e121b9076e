import assert from 'node:assert/strict';
import { request } from 'node:http';
import { SluiceError } from '../../src/errors.ts';
import { type MonitoringServer, startMonitoring } from '../../src/monitoring/http.ts';

interface Answer {
  status: number;
  type: string | undefined;
  body: string;
}

function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          type: response.headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('monitoring server', () => {
  let server: MonitoringServer;
  before(async () => {
    server = await startMonitoring({ host: '127.0.0.1', port: 0, metrics: () => '{"a":1}' });
  });
  after(() => server.close());

  it("answers on Flume's paths, and on no others", async () => {
    for (const [path, method] of [['/metrics'], ['/METRICS'], ['/metrics?x=1'], ['/metrics', 'POST']]) {
      const answer = await ask(server.port, path!, method);
      assert.deepEqual(answer, { status: 200, type: 'application/json;charset=utf-8', body: '{"a":1}' });
    }
    assert.equal(
      (await ask(server.port, '/')).body,
      'For Flume metrics please click <a href = "./metrics"> here</a>.',
      'to the byte',
    );
    assert.equal((await ask(server.port, '/metrics', 'HEAD')).status, 200);
    for (const path of ['/metrics/', '/other']) assert.equal((await ask(server.port, path)).status, 404);
    assert.equal((await ask(server.port, '/metrics', 'OPTIONS')).status, 403);
  });

  it('says when its port is in use', async () => {
    await assert.rejects(
      startMonitoring({ host: '127.0.0.1', port: server.port, metrics: () => '' }),
      (error) =>
        error instanceof SluiceError && error.code === 'ADDRESS_IN_USE' && error.detail.includes(`${server.port}`),
    );
  });
});
