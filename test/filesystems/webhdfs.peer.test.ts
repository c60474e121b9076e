import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { WebHdfs } from '../../src/filesystems/webhdfs/index.ts';
import { fileSystemContract } from '../contract/file-system.contract.ts';
import { memoryLogger } from '../support/context.ts';
import { waitFor } from '../support/wait-for.ts';

describe('file system webhdfs: on a real HDFS', function () {
  this.timeout(180_000);
  let hdfs: Hdfs;
  let fs: WebHdfs;
  let log: ReturnType<typeof memoryLogger>;
  let tests = 0;

  before(async () => {
    hdfs = await startHdfs();
    log = memoryLogger();
    const context = { hadoop: new Map<string, string>(), user: hdfs.user, log, clock: systemClock };
    fs = new WebHdfs(new URL(`webhdfs://127.0.0.1:${hdfs.httpPort}`), context);
  });

  after(async () => {
    await fs?.close();
    await hdfs?.stop();
  });

  beforeEach(async () => {
    await fs.mkdirs(`/test-${++tests}`);
    log.lines.length = 0;
  });

  fileSystemContract({ fileSystem: () => fs, folder: () => `/test-${tests}`, runs: 10, steps: 8 });

  function asUser(user: string): WebHdfs {
    return new WebHdfs(new URL(fs.url), { hadoop: new Map(), user, log, clock: systemClock });
  }

  /** Resolves when somebody writes to a file. */
  async function appending(path: string): Promise<void> {
    const open = async () => {
      const answer = await hdfs.call('GET', path, 'GET_BLOCK_LOCATIONS');
      return (await answer.text()).includes('"isUnderConstruction":true');
    };
    await waitFor(open, { what: 'the append to begin', everyMs: 1 });
  }

  it('says PERMISSION_DENIED for another user, and sees HADOOP_USER_NAME as the owner', async () => {
    const path = `/test-${tests}/f`;
    const stranger = asUser('stranger');
    await assert.rejects(stranger.create(path), { code: 'PERMISSION_DENIED' });
    await assert.rejects(stranger.mkdirs(`${path}/d`), { code: 'PERMISSION_DENIED' });
    await (await fs.create(path)).close();
    const file = await stranger.append(path);
    await file.write([Buffer.alloc(8 << 20)]);
    await assert.rejects(file.flush(), { code: 'PERMISSION_DENIED' });
    await file.abandon();
    assert.equal((await fs.stat(path))?.length, 0);
    await hdfs.call('PUT', `/test-${tests}`, 'SETOWNER', { owner: 'stranger' });
    await (await stranger.create(`/test-${tests}/mine`)).close();
    const status = await hdfs.call('GET', `/test-${tests}/mine`, 'GETFILESTATUS');
    assert.match(await status.text(), /"owner":"stranger"/);
    await stranger.close();
  });

  it('waits for the end of safe mode inside a flush, and refuses new files meanwhile', async () => {
    const file = await fs.create(`/test-${tests}/f`);
    await file.write([Buffer.from('before ')]);
    await file.flush();
    await hdfs.safeMode(true);
    await assert.rejects(fs.create(`/test-${tests}/g`), { code: 'FILE_SYSTEM_BUSY' });
    await assert.rejects(fs.rename(file.path, `/test-${tests}/h`), { code: 'FILE_SYSTEM_BUSY' });
    await file.write([Buffer.from('during')]);
    const flushed = file.flush();
    await waitFor(() => log.lines.find((line) => line.includes('an append at 7 failed')), { what: 'the warning' });
    await hdfs.safeMode(false);
    assert.equal(await flushed, 13);
    await file.close();
    assert.equal((await hdfs.read(file.path)).toString(), 'before during');
  });

  it('says NO_SPACE above a space quota, leaves the file at its last flush and can go on with it', async () => {
    const folder = `/test-${tests}`;
    const file = await fs.create(`${folder}/f`);
    await file.write([Buffer.from('before ')]);
    await file.flush();
    const set = await hdfs.admin('-setSpaceQuota', '1m', folder);
    assert.equal(set.code, 0, set.log());
    await file.write([Buffer.alloc(8 << 20, 'x')]);
    await assert.rejects(file.flush(), { code: 'NO_SPACE' });
    await file.abandon();
    assert.equal((await fs.stat(file.path))?.length, 7);
    await hdfs.admin('-clrSpaceQuota', folder);
    const again = await fs.append(file.path);
    await again.write([Buffer.from('after')]);
    await again.close();
    assert.equal((await hdfs.read(file.path)).toString(), 'before after');
  });

  it('says NO_SPACE above a quota of names', async () => {
    const folder = `/test-${tests}`;
    await hdfs.admin('-setQuota', '2', folder);
    await (await fs.create(`${folder}/one`)).close();
    await assert.rejects(fs.create(`${folder}/two`), { code: 'NO_SPACE' });
    await hdfs.admin('-clrQuota', folder);
  });

  it('says FILE_NOT_FOUND when a file is removed under its writer', async () => {
    const file = await fs.create(`/test-${tests}/f`);
    await fs.remove(file.path);
    await file.write([Buffer.alloc(4 << 20)]);
    await assert.rejects(file.flush(), { code: 'FILE_NOT_FOUND' });
    await file.abandon();
    assert.equal(await fs.stat(file.path), undefined);
  });

  it('never takes over the file of a writer that is alive', async () => {
    const path = `/test-${tests}/f`;
    const located = await hdfs.call('PUT', path, 'CREATE', { noredirect: 'true' });
    const { Location } = (await located.json()) as { Location: string };
    const other = request(Location, { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } });
    const answered = once(other, 'response') as Promise<[IncomingMessage]>;
    other.write(Buffer.alloc(100_000));
    await waitFor(() => fs.stat(path), { what: 'the file of the other writer' });
    await assert.rejects(fs.create(path));
    const patient = fs.append(path);
    other.end();
    const [response] = await answered;
    assert.equal(response.resume().statusCode, 201);
    const file = await patient;
    assert.equal(file.length, 100_000);
    await file.close();
  });

  it('lists a folder of more entries than one answer holds', async () => {
    const names = Array.from({ length: 1100 }, (_, n) => `d${String(n).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(names.slice(from, from + 50).map((name) => fs.mkdirs(`/test-${tests}/${name}`)));
    }
    assert.deepEqual(
      (await fs.list(`/test-${tests}`)).map(({ name }) => name),
      names,
    );
  });

  it('leaves after abandon in the middle of an append what was promised', async () => {
    const file = await fs.create(`/test-${tests}/f`);
    await file.write([Buffer.alloc(1_000_000, 'a')]);
    await file.flush();
    await file.write([Buffer.alloc(30_000_000, 'b')]);
    const flushed = assert.rejects(file.flush(), /was given up/);
    await appending(file.path);
    await file.abandon();
    await flushed;
    assert.ok((await hdfs.read(file.path)).equals(Buffer.alloc(1_000_000, 'a')));
    assert.deepEqual(log.lines, []);
  });

  it('cuts the file of a writer that has just died, and goes on with it', async () => {
    const path = `/test-${tests}/f`;
    const file = await fs.create(path);
    await file.write([Buffer.from('promised ')]);
    await file.close();
    const located = await hdfs.call('POST', path, 'APPEND', { noredirect: 'true' });
    const { Location } = (await located.json()) as { Location: string };
    const dying = request(Location, { method: 'POST', headers: { 'content-length': '1000000' } });
    dying.on('error', () => {});
    dying.write(Buffer.alloc(300_000));
    await appending(path);
    dying.destroy();
    await fs.truncate(path, 9);
    const again = await fs.append(path);
    assert.equal(again.length, 9);
    await again.write([Buffer.from('and more')]);
    await again.close();
    assert.equal((await hdfs.read(path)).toString(), 'promised and more');
  });

  it('writes on when the NameNode was killed and has come back', async () => {
    const file = await fs.create(`/test-${tests}/f`);
    await file.write([Buffer.from('before ')]);
    await file.flush();
    await hdfs.stopNameNode(true);
    await assert.rejects(fs.stat(file.path), { code: 'CONNECTION_FAILED' });
    await file.write([Buffer.from('during')]);
    const flushed = file.flush();
    await waitFor(() => log.lines.find((line) => line.includes('an append at 7 failed')), { what: 'the warning' });
    await hdfs.startNameNode();
    assert.equal(await flushed, 13);
    await file.close();
    assert.equal((await hdfs.read(file.path)).toString(), 'before during');
    await hdfs.waitUntilReady();
  });

  it('writes every byte once when the DataNode is killed in the middle of an append', async () => {
    const path = `/test-${tests}/f`;
    const before = Buffer.alloc(1_000_000, 'a');
    const after = Buffer.alloc(30_000_000, 'b');
    const file = await fs.create(path);
    await file.write([before]);
    await file.flush();
    await file.write([after]);
    const flushed = file.flush();
    await appending(path);
    await hdfs.stopDataNode(true);
    await waitFor(() => log.lines.find((line) => line.includes('failed; it is tried again')), { what: 'the warning' });
    await hdfs.startDataNode();
    assert.equal(await flushed, 31_000_000);
    await file.close();
    assert.ok((await hdfs.read(path)).equals(Buffer.concat([before, after])));
  });
});
