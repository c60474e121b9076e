import assert from 'node:assert/strict';
import { join } from 'node:path';
import { systemClock } from '../../src/agent/clock.ts';
import type { FileSystem, FileSystemDeclaration } from '../../src/component/file-system.ts';
import { SluiceError } from '../../src/errors.ts';
import { type FileSystems, openFileSystems } from '../../src/filesystems/resolve.ts';
import { memoryLogger } from '../support/context.ts';

describe('resolving file systems', () => {
  let opened: string[];
  let closed: string[];
  let log: ReturnType<typeof memoryLogger>;

  function fake(...schemes: string[]): FileSystemDeclaration {
    return {
      schemes,
      open(url) {
        opened.push(url.href);
        return { url: url.href, close: async () => void closed.push(url.href) } as unknown as FileSystem;
      },
    };
  }

  function systems(hadoop: Record<string, string> = {}): FileSystems {
    return openFileSystems({
      declarations: [fake('file'), fake('webhdfs', 'swebhdfs')],
      context: { hadoop: new Map(Object.entries(hadoop)), user: 'ann', log, clock: systemClock },
    });
  }

  function where(all: FileSystems, url: string): string {
    const { fileSystem, path } = all.resolve(url);
    return `${fileSystem.url} ${path}`;
  }

  function refused(all: FileSystems, url: string): string {
    try {
      all.resolve(url);
    } catch (error) {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'CONFIG_INVALID');
      return error.message;
    }
    return assert.fail(`${url} was taken`);
  }

  beforeEach(() => {
    opened = [];
    closed = [];
    log = memoryLogger();
  });

  it('splits URLs as Hadoop does, without decoding the path', () => {
    const all = systems();
    assert.equal(where(all, 'file:///tmp/a%20b c'), 'file:/// /tmp/a%20b c');
    assert.equal(where(all, 'file:/tmp//x/'), 'file:/// /tmp/x');
    assert.equal(where(all, 'webhdfs://nn:9870/a?b#c/../d/'), 'webhdfs://nn:9870/ /d');
    assert.equal(where(all, 'WEBHDFS://nn:9870'), 'webhdfs://nn:9870/ /');
    assert.equal(where(all, 'swebhdfs://name_node:9871/logs'), 'swebhdfs://name_node:9871/ /logs');
  });

  it('opens each file system once and closes them all', async () => {
    const all = systems();
    const first = all.resolve('webhdfs://nn:9870/a').fileSystem;
    assert.equal(all.resolve('webhdfs://nn:9870/b').fileSystem, first);
    assert.notEqual(all.resolve('webhdfs://other:9870/b').fileSystem, first);
    all.resolve('file:///x');
    assert.deepEqual(opened, ['webhdfs://nn:9870/', 'webhdfs://other:9870/', 'file:///']);
    await all.close();
    assert.deepEqual(closed, opened);
  });

  it('takes a path without a scheme to fs.defaultFS', () => {
    const all = systems({ 'fs.defaultFS': 'webhdfs://nn:9870' });
    assert.equal(where(all, '/logs/x'), 'webhdfs://nn:9870/ /logs/x');
    assert.equal(where(all, 'logs/x'), 'webhdfs://nn:9870/ /user/ann/logs/x');
    assert.equal(where(all, 'webhdfs:///y'), 'webhdfs://nn:9870/ /y');
    assert.deepEqual(log.lines, []);
  });

  it('takes a path without a scheme to the local disk and warns once when nothing is configured', () => {
    const all = systems();
    assert.equal(where(all, '/logs/x'), 'file:/// /logs/x');
    assert.equal(where(all, 'logs/x'), `file:/// ${join(process.cwd(), 'logs/x')}`);
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0], /^WARN \/logs\/x has no scheme/);
    where(systems({ 'fs.defaultFS': 'file:///' }), '/x');
    assert.equal(log.lines.length, 1);
  });

  it('names webhdfs: with the likely URL for hdfs:', () => {
    assert.match(refused(systems(), 'hdfs://nn:8020/logs/%Y'), /write webhdfs:\/\/nn:9870\/logs\/%Y /);
    assert.match(refused(systems({ 'fs.defaultFS': 'hdfs://nn:8020' }), '/logs'), /write webhdfs:\/\/nn:9870\/logs /);
    assert.match(refused(systems({ 'fs.defaultFS': 'hdfs://nn:8020' }), 'hdfs:///x'), /write webhdfs:\/\/nn:9870\/x /);
    assert.match(
      refused(systems({ 'dfs.namenode.http-address': '0.0.0.0:50070' }), 'hdfs://nn/x'),
      /write webhdfs:\/\/nn:50070\/x /,
    );
    assert.match(
      refused(systems({ 'dfs.http.policy': 'HTTPS_ONLY', 'dfs.namenode.https-address': 'web:9999' }), 'hdfs://nn/x'),
      /write swebhdfs:\/\/web:9999\/x /,
    );
    assert.match(
      refused(
        systems({ 'dfs.ha.namenodes.ns1': 'nn1,nn2', 'dfs.namenode.http-address.ns1.nn1': 'host1:9870' }),
        'hdfs://ns1/x',
      ),
      /write webhdfs:\/\/host1:9870\/x /,
    );
  });

  it('says what is wrong with what it refuses', () => {
    assert.match(refused(systems(), 's3a://bucket/x'), /unknown scheme s3a: \(known: file, webhdfs, swebhdfs\)/);
    assert.match(refused(systems(), 'webhdf://nn/x'), /did you mean webhdfs:/);
    assert.match(refused(systems(), 'file://tmp/x'), /write file:\/\/\/tmp\/x/);
    assert.match(refused(systems(), 'webhdfs:///x'), /no host/);
    assert.match(refused(systems(), 'webhdfs://nn:port/x'), /no host and port/);
    assert.doesNotMatch(refused(systems(), 'webhdfs://ann:secret@nn:9870/x'), /secret/);
    assert.doesNotMatch(refused(systems(), 's3a://key:secret@bucket/x'), /secret/);
    assert.match(refused(systems({ 'fs.defaultFS': 'nn:8020' }), '/x'), /unknown scheme nn:/);
    assert.match(refused(systems({ 'fs.defaultFS': '/x' }), '/x'), /fs.defaultFS is \/x, which has no scheme/);
    assert.match(refused(systems(), ''), /empty/);
  });
});
