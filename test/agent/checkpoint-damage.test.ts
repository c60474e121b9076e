import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Checkpoint } from '../../src/agent/checkpoint.ts';
import { checkpointPath } from '../../src/agent/checkpoint-file.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { memoryLogger } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';

/** A checkpoint file with a right checksum. */
function fileOf(version: number, sequence: number, body: string): Buffer {
  const head = `${version} ${sequence} ${Buffer.byteLength(body)}`;
  const sum = crc32(body, crc32(`${head}\n`))
    .toString(16)
    .padStart(8, '0');
  return Buffer.from(`sluice-checkpoint ${head} ${sum}\n${body}`);
}

describe('damaged checkpoint', () => {
  const temp = useTempDir();
  let older: Buffer;
  let newer: Buffer;

  beforeEach(async () => {
    const checkpoint = new Checkpoint({ dir: temp(), agent: 'a', clock: systemClock, log: memoryLogger() });
    let at = 1;
    checkpoint.part('source.r').provide(() => `{"at":${at},"file":"/var/log/ä.log"}`);
    await checkpoint.commit();
    at = 2;
    await checkpoint.commit();
    await checkpoint.close();
    older = readFileSync(checkpointPath(temp(), 1));
    newer = readFileSync(checkpointPath(temp(), 2));
  });

  /** Puts files there, loads them, gives what the agent finds. */
  async function load(first: Buffer | undefined, second: Buffer | undefined) {
    for (const [sequence, bytes] of [[1, first] as const, [2, second] as const]) {
      const path = checkpointPath(temp(), sequence);
      rmSync(`${path}.damaged`, { recursive: true, force: true });
      rmSync(path, { recursive: true, force: true });
      if (bytes !== undefined) writeFileSync(path, bytes);
    }
    const log = memoryLogger();
    const checkpoint = new Checkpoint({ dir: temp(), agent: 'a', clock: systemClock, log });
    await checkpoint.load();
    const saved = checkpoint.part('source.r').saved as { at: number } | undefined;
    return { checkpoint, lines: log.lines, at: saved?.at, damaged: checkpoint.counters.StateDamaged };
  }

  /** The newer file is damaged like this: the one before is used, and all is said and counted. */
  async function fallsBack(bytes: Buffer, what: string): Promise<void> {
    const { at, damaged, lines } = await load(older, bytes);
    assert.equal(at, 1, what);
    assert.equal(damaged, 1, what);
    assert.equal(lines.length, 2, what);
    assert.match(lines[0]!, /ERROR .*checkpoint\.0: .*put aside as .*checkpoint\.0\.damaged/, what);
    assert.match(lines[1]!, /WARN The checkpoint before it is used \(number 1\)/, what);
    assert.deepEqual(readFileSync(`${checkpointPath(temp(), 2)}.damaged`), bytes, what);
    assert.equal(existsSync(checkpointPath(temp(), 2)), false, what);
  }

  it('is none when both are sound', async () => {
    const { at, damaged, lines } = await load(older, newer);
    assert.equal(at, 2);
    assert.equal(damaged, 0);
    assert.deepEqual(lines, []);
  });

  it('falls back to the one before when it is cut at any length', async () => {
    for (let length = 0; length < newer.length; length++)
      await fallsBack(newer.subarray(0, length), `cut to ${length}`);
  });

  it('falls back to the one before when any byte is flipped', async () => {
    for (let at = 0; at < newer.length; at++) {
      for (const mask of [0x01, 0x20, 0xff]) {
        const bytes = Buffer.from(newer);
        bytes[at]! ^= mask;
        await fallsBack(bytes, `byte ${at} ^ ${mask}`);
      }
    }
  });

  it('falls back to the one before when zeros are in its place, from any byte on', async () => {
    for (let at = 0; at < newer.length; at++) await fallsBack(Buffer.from(newer).fill(0, at), `zeros from ${at}`);
  });

  it('falls back to the one before when it holds something else with a right checksum', async () => {
    for (const body of [
      '',
      'null',
      '[]',
      '"text"',
      '{}',
      '{"agent":"a","epoch":1}',
      '{"agent":"a","epoch":1,"parts":[]}',
    ])
      await fallsBack(fileOf(1, 2, body), body);
  });

  it('does not take the file of a later version for its own, and says so', async () => {
    const bytes = fileOf(2, 2, '{"agent":"a","epoch":2,"parts":{"source.r":{"at":3}}}');
    await fallsBack(bytes, 'a later version');
    const { lines } = await load(older, bytes);
    assert.match(lines[0]!, /a later version of Sluice wrote it \(format 2, this one knows 1\)/);
  });

  it('takes no notice of what is left over behind it from a longer one', async () => {
    const { at, damaged } = await load(older, Buffer.concat([newer, older]));
    assert.equal(at, 2);
    assert.equal(damaged, 0);
  });

  it('says and counts it too when it is the older one; the newer one is used', async () => {
    const { at, damaged, lines } = await load(older.subarray(0, 40), newer);
    assert.equal(at, 2);
    assert.equal(damaged, 1);
    assert.match(lines[0]!, /put aside/);
  });

  it('begins anew without any sound one, says what may come twice, and writes again', async () => {
    const { checkpoint, at, damaged, lines } = await load(older.subarray(0, 40), Buffer.alloc(0));
    assert.equal(at, undefined);
    assert.equal(damaged, 2);
    assert.match(lines.at(-1)!, /ERROR There is no sound checkpoint: .*may come again/);
    checkpoint.part('source.r').provide(() => '{"at":9}');
    await checkpoint.commit();
    await checkpoint.close();
    const next = new Checkpoint({ dir: temp(), agent: 'a', clock: systemClock, log: memoryLogger() });
    await next.load();
    assert.deepEqual(next.part('source.r').saved, { at: 9 });
    assert.ok(next.epoch > checkpoint.epoch);
  });

  it('goes on writing after a fall-back, and the next life has the newest', async () => {
    const { checkpoint } = await load(older, newer.subarray(0, 50));
    checkpoint.part('source.r').provide(() => '{"at":3}');
    await checkpoint.commit();
    await checkpoint.close();
    const next = new Checkpoint({ dir: temp(), agent: 'a', clock: systemClock, log: memoryLogger() });
    await next.load();
    assert.deepEqual(next.part('source.r').saved, { at: 3 });
    assert.equal(next.counters.StateDamaged, 0);
  });

  it('puts aside what is no file at all', async () => {
    const path = checkpointPath(temp(), 2);
    rmSync(path);
    mkdirSync(path);
    const log = memoryLogger();
    const checkpoint = new Checkpoint({ dir: temp(), agent: 'a', clock: systemClock, log });
    await checkpoint.load();
    assert.equal(checkpoint.counters.StateDamaged, 1);
    assert.deepEqual((checkpoint.part('source.r').saved as { at: number }).at, 1);
    await checkpoint.commit();
    await checkpoint.close();
  });
});
