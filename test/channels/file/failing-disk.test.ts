import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { useTempDir } from '../../support/temp-dir.ts';
import { replaceFileMethod } from './file-method.ts';
import { drain, never, open, put } from './support.ts';

describe('file channel on a disk that fails', () => {
  const dir = useTempDir();

  for (const method of ['datasync', 'writev'] as const) {
    it(`writes again what a failed ${method} may have lost, once, and what was committed stays so`, async function () {
      this.timeout(10_000);
      const at = join(dir(), 'one');
      const { channel, counters, lines } = await open(at);
      await put(channel, ['a', 'b', 'c']);
      (await channel.take(1, never))?.commit();
      let failures = 2;
      const mend = await replaceFileMethod(method, (sound) =>
        failures-- > 0 ? Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })) : sound(),
      );
      try {
        const puts = [put(channel, ['d']), put(channel, ['e', 'f'])];
        await Promise.all(puts);
      } finally {
        mend();
      }
      assert.ok((counters.EventPutErrorCount ?? 0) > 0);
      assert.ok(lines.some((line) => /ERROR events cannot be written and wait.*EIO/.test(line)));
      // As a crash would leave it.
      const copy = join(dir(), 'copy');
      cpSync(at, copy, { recursive: true });
      for (const name of ['checkpoint', 'data']) rmSync(join(copy, name, 'sluice-in_use.lock'));
      const crashed = await open(copy);
      const seen = await drain(crashed.channel);
      // The record of a commit is not waited for: what it says may be lost in a crash.
      assert.deepEqual(seen.slice(-5), ['b', 'c', 'd', 'e', 'f']);
      assert.ok(seen.length === 5 || seen[0] === 'a');
      await crashed.channel.close();
      assert.deepEqual(await drain(channel), ['b', 'c', 'd', 'e', 'f']);
      await channel.close();
      const again = await open(at);
      assert.equal(again.channel.size, 0);
      await again.channel.close();
    });
  }
});
