import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeyStores } from '../../scripts/peers/flume.ts';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { WebHdfs } from '../../src/filesystems/webhdfs/index.ts';
import { memoryLogger } from '../support/context.ts';
import { freePorts } from '../support/free-port.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';

describe('file system swebhdfs: on a real HDFS', function () {
  this.timeout(120_000);
  let dir: string;
  let hdfs: Hdfs;
  let port: number;
  let pem: string;

  before(async () => {
    dir = makeTempDir('sluice-swebhdfs-');
    const stores = await makeKeyStores(dir);
    pem = stores.pem;
    mkdirSync(join(dir, 'conf'));
    const property = (name: string, value: string) =>
      `<property><name>${name}</name><value>${value}</value></property>`;
    writeFileSync(
      join(dir, 'conf', 'ssl-server.xml'),
      `<configuration>
        ${property('ssl.server.keystore.location', stores.keystore)}
        ${property('ssl.server.keystore.password', 'changeit')}
        ${property('ssl.server.keystore.keypassword', 'changeit')}
      </configuration>`,
    );
    const [nameNode, dataNode] = await freePorts(2);
    port = nameNode;
    hdfs = await startHdfs({
      dir,
      hdfsSite: {
        'dfs.http.policy': 'HTTP_AND_HTTPS',
        'dfs.namenode.https-address': `127.0.0.1:${nameNode}`,
        'dfs.datanode.https.address': `127.0.0.1:${dataNode}`,
      },
    });
  });

  after(async () => {
    await hdfs?.stop();
    removeTempDir(dir);
  });

  function open(hadoop: Record<string, string>): WebHdfs {
    const context = {
      hadoop: new Map(Object.entries(hadoop)),
      user: hdfs.user,
      log: memoryLogger(),
      clock: systemClock,
    };
    return new WebHdfs(new URL(`swebhdfs://localhost:${port}`), context);
  }

  it('writes through TLS to both nodes when their certificate is trusted', async () => {
    const fs = open({ 'ssl.client.truststore.location': pem });
    const file = await fs.create('/secure/f');
    const content = Buffer.alloc(3_000_000, 'secret ');
    await file.write([content]);
    assert.equal(await file.flush(), content.length);
    await file.close();
    assert.ok((await fs.read('/secure/f', 0, content.length + 1)).equals(content));
    assert.ok((await hdfs.read('/secure/f')).equals(content));
    await fs.close();
  });

  it('writes nothing when it is not', async () => {
    const fs = open({});
    await assert.rejects(fs.create('/secure/g'), { code: 'TLS_SETTINGS' });
    await fs.close();
    assert.deepEqual([...(await hdfs.list('/')).keys()], ['/secure/f']);
  });
});
