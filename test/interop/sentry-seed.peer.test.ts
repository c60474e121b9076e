import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { pythonClient } from '../../scripts/peers/sdks.ts';
import { runChild } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const EXAMPLE = fileURLToPath(new URL('../../conf/sentry-to-hdfs.properties', import.meta.url));

/** An application of three lines; nothing but the DSN is ours. */
const APPLICATION = `
import sys, sentry_sdk
sentry_sdk.init(dsn=sys.argv[1], traces_sample_rate=1.0)
try:
    1 / 0
except ZeroDivisionError as e:
    print(sentry_sdk.capture_exception(e))
`;

describe('A DSN that ends in HDFS', function () {
  this.timeout(120_000);
  const dir = useTempDir();
  let hdfs: Hdfs;

  before(async () => {
    hdfs = await startHdfs({ hdfsSite: { 'dfs.client.block.write.locateFollowingBlock.initial.delay.ms': '10' } });
  });
  after(() => hdfs?.stop());

  it('brings the error of an application into HDFS, once, though the agent is killed right after it was taken', async () => {
    const port = await freePort();
    const conf = readFileSync(EXAMPLE, 'utf8')
      .replaceAll('namenode.example.com:9870', `127.0.0.1:${hdfs.httpPort}`)
      .replaceAll('/var/lib/sluice', dir())
      .replace(/bind = 0\.0\.0\.0$/m, 'bind = 127.0.0.1')
      .replace(/port = 9000$/m, `port = ${port}`);
    const key = /projects = 42:(\w+)$/m.exec(conf)?.[1];
    const start = () => startSluice({ name: 'agent', conf, dir: dir(), ready: /SOURCE, name: sentry started/ });

    const first = await start();
    const { command, args } = await pythonClient();
    const client = await runChild({
      command,
      // The same interpreter and packages, another program.
      args: [...args.slice(0, -1), '-c', APPLICATION, `http://${key}@127.0.0.1:${port}/42`],
    });
    assert.equal(client.code, 0, client.log());
    await first.kill();
    const second = await start();
    // What lies in the channel on disk is not waited for at a stop.
    await waitFor(async () => [...(await hdfs.list('/sentry')).values()].some((length) => length > 0), {
      what: 'bytes in HDFS',
      timeoutMs: 30_000,
    });
    assert.equal(await second.stop(60_000), 143, second.log());

    const files = [...(await hdfs.list('/sentry')).keys()];
    assert.ok(
      files.every((file) => /^\/sentry\/day=\d{4}-\d\d-\d\d\/project=42\/items\.\d+\.json\.gz$/.test(file)),
      join(...files),
    );
    const texts = await Promise.all(files.map(async (file) => gunzipSync(await hdfs.read(file)).toString()));
    const rows = texts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const events = rows.filter((row) => row['item_type'] === 'event');
    assert.deepEqual(
      events.map(({ event_id, project_id, type, value, level }) => ({ event_id, project_id, type, value, level })),
      [
        {
          event_id: client.stdout.trim(),
          project_id: '42',
          type: 'ZeroDivisionError',
          value: 'division by zero',
          level: 'error',
        },
      ],
    );
  });
});
