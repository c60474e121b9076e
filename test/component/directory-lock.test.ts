import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DirectoryLock } from '../../src/component/directory-lock.ts';
import { SluiceError } from '../../src/errors.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

const SEQ = `NAME.sources = r
NAME.channels = c
NAME.sinks = k
NAME.sources.r.type = seq
NAME.sources.r.totalEvents = 3
NAME.sources.r.channels = c
NAME.channels.c.type = memory
NAME.sinks.k.type = null
NAME.sinks.k.channel = c
`;

const LOCK = 'sluice-in_use.lock';
const HINT = 'give one another';

describe('the lock of a directory', () => {
  const temp = useTempDir();

  it('is refused to a second one, who learns the name, the process and the time', async () => {
    const lock = await DirectoryLock.take(temp(), 'agent a1', HINT);
    await assert.rejects(DirectoryLock.take(temp(), 'agent a2', HINT), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'STATE_UNUSABLE');
      assert.match(
        error.message,
        new RegExp(`in use by agent a1, process ${process.pid}, since \\d{4}-\\d\\d-\\d\\dT[^ ]*; ${HINT}`),
      );
      return true;
    });
    await lock.release();
    assert.deepEqual(readdirSync(temp()), []);
    await (await DirectoryLock.take(temp(), 'agent a2', HINT)).release();
  });

  it('is given to one alone of many who want it at once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => DirectoryLock.take(temp(), `agent a${i}`, HINT)),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(readdirSync(temp()), [LOCK]);
  });

  it('is taken over when its process is gone, or another one has its number, or the machine was started anew', async () => {
    const lock = await DirectoryLock.take(temp(), 'agent a1', HINT);
    const path = join(temp(), LOCK);
    const mine = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    await lock.release();
    for (const other of [
      { ...mine, pid: 2 ** 22 + 1 },
      { ...mine, start: '1' },
      { ...mine, boot: 'another' },
      { ...mine, pidSpace: 'pid:[1]' },
    ]) {
      writeFileSync(path, JSON.stringify(other));
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) => DirectoryLock.take(temp(), `agent b${i}`, HINT)),
      );
      assert.equal(readdirSync(temp()).length, 1);
      const [winner, ...others] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.ok(winner !== undefined && others.length === 0, JSON.stringify(other));
      await winner.release();
    }
  });

  it('is taken over by one alone, also after others died while they were at that', async () => {
    const lock = await DirectoryLock.take(temp(), 'agent a1', HINT);
    const path = join(temp(), LOCK);
    const mine = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    await lock.release();
    for (let run = 0; run < 20; run++) {
      const stale = JSON.stringify({ ...mine, start: `${run}` });
      writeFileSync(path, stale);
      if (run % 2 === 0) writeFileSync(`${path}.${crc32(stale).toString(16)}`, JSON.stringify({ ...mine, start: '' }));
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => DirectoryLock.take(temp(), `agent b${i}`, HINT)),
      );
      const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(readdirSync(temp()), [LOCK]);
      await winners[0]!.release();
    }
  });

  it('is taken over when it is damaged', async () => {
    for (const text of ['', 'null', '{"pid":', '\0\0\0', '{"pid":"1"}']) {
      writeFileSync(join(temp(), LOCK), text);
      await (await DirectoryLock.take(temp(), 'agent a1', HINT)).release();
    }
  });

  it('keeps a second agent from the state of a first one, until that is killed', async () => {
    const stateDir = join(temp(), 'state');
    const ready = /SOURCE, name: r started/;
    const start = (name: string, args: { ready?: RegExp }) => {
      const dir = join(temp(), name);
      mkdirSync(dir, { recursive: true });
      return startSluice({ name, dir, stateDir, conf: SEQ.replaceAll('NAME', name), ...args });
    };
    const first = await start('a1', { ready });
    const second = await start('a2', {});
    assert.equal(await second.exited, 78, second.log());
    assert.match(
      second.log(),
      new RegExp(
        `in use by agent a1, process ${first.pid}, since [-0-9T:.]+Z; two agents must not share a state directory`,
      ),
    );
    await first.kill();
    assert.ok(existsSync(join(stateDir, LOCK)));
    const third = await start('a1', { ready });
    assert.equal(await third.stop(), 143, third.log());
  });
});
