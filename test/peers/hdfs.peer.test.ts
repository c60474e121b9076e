import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Hdfs, hadoopText, startHdfs } from '../../scripts/peers/hdfs.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('the real HDFS', function () {
  this.timeout(180_000);
  let hdfs: Hdfs;
  const dir = useTempDir();

  before(async () => {
    hdfs = await startHdfs();
  });

  after(async () => {
    await hdfs?.stop();
  });

  it('takes a file through its shell and gives it over WebHDFS', async () => {
    writeFileSync(join(dir(), 'in'), 'one\ntwo\n');
    const put = await hdfs.shell('-put', join(dir(), 'in'), '/put');
    assert.equal(put.code, 0, put.log());
    assert.equal((await hdfs.read('/put')).toString(), 'one\ntwo\n');
    assert.equal((await hdfs.list('/')).get('/put'), 8);
  });

  it('refuses writes in safe mode', async () => {
    await hdfs.safeMode(true);
    const response = await hdfs.call('PUT', '/dir', 'MKDIRS');
    assert.equal(response.status, 403);
    assert.match(await response.text(), /SafeModeException/);
    await hdfs.safeMode(false);
  });

  it('keeps its files over a restart of both daemons', async () => {
    await hdfs.call('PUT', '/kept', 'MKDIRS');
    await hdfs.stopDataNode();
    await hdfs.stopNameNode();
    await hdfs.startNameNode();
    await hdfs.startDataNode();
    assert.equal((await hdfs.call('GET', '/kept', 'GETFILESTATUS')).status, 200);
  });

  it('reads compressed local files with its shell', async () => {
    writeFileSync(join(dir(), 'in.gz'), gzipSync('one\ntwo\n'));
    assert.equal(await hadoopText([join(dir(), 'in.gz')]), 'one\ntwo\n');
  });
});
