import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSystem } from '../../src/component/file-system.ts';
import { LocalFileSystem } from '../../src/filesystems/file/index.ts';
import { fileSystemContract } from '../contract/file-system.contract.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('file system file:', () => {
  const dir = useTempDir();
  const fs: FileSystem = new LocalFileSystem();

  fileSystemContract({ fileSystem: () => fs, folder: dir, runs: 60, steps: 25 });

  it('writes no checksum side files', async () => {
    const file = await fs.create(join(dir(), 'f'));
    await file.write([Buffer.from('x')]);
    await file.close();
    assert.deepEqual(readdirSync(dir()), ['f']);
  });

  it('finishes a rename that was cut short between its two steps', async () => {
    const from = join(dir(), 'f.tmp');
    const to = join(dir(), 'f');
    writeFileSync(from, 'content');
    linkSync(from, to);
    await fs.rename(from, to);
    assert.deepEqual(readdirSync(dir()), ['f']);
    assert.equal(readFileSync(to, 'utf8'), 'content');
  });

  it('refuses to rename a file to its own name', async () => {
    const path = join(dir(), 'f');
    writeFileSync(path, 'content');
    await assert.rejects(fs.rename(path, path), { code: 'FILE_EXISTS' });
    assert.equal(readFileSync(path, 'utf8'), 'content');
  });

  it('makes a fast writer wait for the disk', async () => {
    const file = await fs.create(join(dir(), 'f'));
    const chunk = Buffer.alloc(1 << 20);
    let behind = 0;
    for (let n = 0; n < 64; n++) {
      await file.write([chunk]);
      behind = Math.max(behind, file.length - statSync(file.path).size);
    }
    assert.ok(behind <= 4 << 20, `${behind} bytes were queued`);
    await file.close();
    assert.equal(statSync(file.path).size, 64 << 20);
  });

  it('does not append to what is no regular file', async () => {
    await assert.rejects(fs.append('/dev/null'), { code: 'FILE_SYSTEM' });
  });

  describe('on a full disk', () => {
    let mount = '';

    before(function () {
      // Mounting needs root; who is not tests the rest.
      if (process.getuid?.() !== 0) this.skip();
    });

    beforeEach(() => {
      mount = join(dir(), 'small');
      execFileSync('mkdir', [mount]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'sluice-test', mount]);
    });

    afterEach(() => {
      if (mount !== '') execFileSync('umount', ['-l', mount]);
      mount = '';
    });

    it('rejects with NO_SPACE and abandon cuts back to the last flush', async () => {
      const file = await fs.create(join(mount, 'f'));
      await file.write([Buffer.alloc(300_000, 'a')]);
      assert.equal(await file.flush(), 300_000);
      await assert.rejects(
        (async () => {
          await file.write([Buffer.alloc(500_000, 'b'), Buffer.alloc(500_000, 'c')]);
          await file.flush();
        })(),
        { code: 'NO_SPACE' },
      );
      assert.ok(statSync(file.path).size > 300_000, 'a part was written');
      await assert.rejects(file.write([Buffer.from('x')]), { code: 'NO_SPACE' });
      await assert.rejects(file.flush(), { code: 'NO_SPACE' });
      await file.abandon();
      assert.equal(statSync(file.path).size, 300_000);
    });

    it('goes on in the same file once there is room', async () => {
      const ballast = openSync(join(mount, 'ballast'), 'w');
      writeSync(ballast, Buffer.alloc(900_000));
      closeSync(ballast);
      const file = await fs.create(join(mount, 'f'));
      await file.write([Buffer.from('kept ')]);
      await file.flush();
      await file.write([Buffer.alloc(200_000, 'x')]);
      await assert.rejects(file.flush(), { code: 'NO_SPACE' });
      await file.abandon();
      await fs.remove(join(mount, 'ballast'));
      const again = await fs.append(file.path);
      assert.equal(again.length, 5);
      await again.write([Buffer.alloc(200_000, 'x')]);
      await again.close();
      assert.equal(readFileSync(file.path, 'utf8'), `kept ${'x'.repeat(200_000)}`);
    });
  });
});
