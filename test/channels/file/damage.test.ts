import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { replaceFileMethod } from './file-method.ts';
import { copyAtWork, drain, type Made, never, open, put, putReplayed, segments } from './support.ts';

const LINES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
/** The first was committed. */
const QUEUED = LINES.slice(1);
const SETTINGS = { maxFileSize: '150' };

/** Makes a channel of two or three small segments with QUEUED in it, and closes it. */
async function prepare(dir: string): Promise<void> {
  const { channel } = await open(dir, SETTINGS);
  for (const line of ['a', 'b', 'c']) await put(channel, [line]);
  (await channel.take(1, never))?.commit();
  for (const line of ['d', 'e', 'f', 'g']) await put(channel, [line]);
  await channel.close();
}

function withoutCheckpoints(dir: string): void {
  for (const name of readdirSync(join(dir, 'checkpoint'))) rmSync(join(dir, 'checkpoint', name));
}

/** Opens a channel and takes what is in it, and then what is put behind. */
async function reopen(dir: string): Promise<Made & { readonly seen: string[] }> {
  const made = await open(dir, SETTINGS);
  const { channel } = made;
  const seen = await drain(channel);
  await put(channel, ['new']);
  assert.deepEqual(await drain(channel), ['new']);
  await channel.close();
  return { ...made, seen };
}

/** Rows in the order of `all`, each once at the most. */
function isPartOf(seen: readonly string[], all: readonly string[]): boolean {
  let at = -1;
  return seen.every((line) => {
    const next = all.indexOf(line, at + 1);
    at = next;
    return next >= 0;
  });
}

function said(lines: readonly string[], pattern: RegExp): boolean {
  return lines.some((line) => pattern.test(line));
}

describe('file channel with damaged files', () => {
  const dir = useTempDir();
  let number = 0;
  const mend: (() => void)[] = [];

  // Thousands of starts: they need not wait for the disk.
  before(async () => {
    for (const name of ['sync', 'datasync'] as const) mend.push(await replaceFileMethod(name, () => Promise.resolve()));
  });
  after(() => {
    for (const back of mend) back();
  });

  /** A copy of the prepared channel to do harm to. */
  function copyOf(original: string): string {
    const copy = join(dir(), `copy${number++}`);
    cpSync(original, copy, { recursive: true });
    return copy;
  }

  for (const [name, remove, step] of [
    ['with a checkpoint', () => undefined, 1],
    ['without a checkpoint', withoutCheckpoints, 3],
  ] as const) {
    it(`loses no more than the record that a flipped byte lies in, and says so (${name})`, async function () {
      this.timeout(180_000);
      const original = join(dir(), 'original');
      await prepare(original);
      remove(original);
      const files = segments(original);
      assert.ok(files.length >= 3);
      for (const [i, path] of files.entries()) {
        const bytes = readFileSync(path);
        for (let at = 0; at < bytes.length; at += step) {
          const copy = copyOf(original);
          bytes[at]! ^= 0x21;
          writeFileSync(segments(copy)[i]!, bytes);
          bytes[at]! ^= 0x21;
          const { seen, lines, counters } = await reopen(copy);
          const where = `byte ${at} of segment ${i}: ${seen} ${lines.join('\n')}`;
          const mustBe = QUEUED.filter((line) => seen.includes(line));
          const isWhole = mustBe.length === QUEUED.length;
          assert.ok(mustBe.length >= QUEUED.length - 1, where);
          assert.ok(isPartOf(seen, LINES), where);
          if (!isWhole) {
            assert.ok(said(lines, /ERROR .*(damaged|gone|lost)|WARN .*was not finished/), where);
            if (said(lines, /lost/)) assert.equal(counters.EventTakeErrorCount, 1, where);
            // Only what was never in a checkpoint can be taken for a write that was not finished.
            if (name === 'with a checkpoint') assert.ok(said(lines, /ERROR .*damage/), where);
          }
          rmSync(copy, { recursive: true });
        }
      }
    });

    it(`gives what lies before the place where a segment is cut (${name})`, async function () {
      this.timeout(180_000);
      const original = join(dir(), 'original');
      await prepare(original);
      remove(original);
      for (const [i, path] of segments(original).entries()) {
        const bytes = readFileSync(path);
        for (let length = 0; length < bytes.length; length += 7) {
          const copy = copyOf(original);
          writeFileSync(segments(copy)[i]!, bytes.subarray(0, length));
          const { seen, lines } = await reopen(copy);
          const where = `${length} bytes of segment ${i}: ${seen} ${lines.join('\n')}`;
          assert.ok(isPartOf(seen, LINES), where);
          // What the other segments hold is all there.
          const lost = QUEUED.filter((line) => !seen.includes(line));
          assert.ok(lost.length <= 3, where);
          if (lost.length > 0 && name === 'with a checkpoint') assert.ok(said(lines, /ERROR/), where);
          rmSync(copy, { recursive: true });
        }
      }
    });
  }

  it("loses no more than the record that a flipped byte lies in, and gives nothing that the agent's checkpoint leaves out", async function () {
    this.timeout(180_000);
    const original = join(dir(), 'original');
    const checkpoint = new TestCheckpoint();
    const at = join(dir(), 'at work');
    const { channel } = await open(at, SETTINGS, checkpoint);
    for (const line of ['a', 'b', 'c']) await put(channel, [line]);
    (await channel.take(1, never))?.commit();
    for (const line of ['d', 'e', 'f']) await putReplayed(channel, [line]);
    const saved = checkpoint.take();
    await putReplayed(channel, ['sent again']);
    await put(channel, ['g']);
    await putReplayed(channel, ['sent again, too']);
    copyAtWork(at, original);
    await channel.close();
    const files = segments(original);
    assert.ok(files.length >= 3);
    let whole = 0;
    for (const [i, path] of files.entries()) {
      const bytes = readFileSync(path);
      for (let place = 0; place < bytes.length; place++) {
        const copy = copyOf(original);
        bytes[place]! ^= 1 << (place % 8);
        writeFileSync(segments(copy)[i]!, bytes);
        bytes[place]! ^= 1 << (place % 8);
        const again = await open(copy, SETTINGS, new TestCheckpoint(saved));
        const seen = await drain(again.channel);
        await again.channel.close();
        const where = `byte ${place} of segment ${i}: ${seen} ${again.lines.join('\n')}`;
        assert.ok(isPartOf(seen, QUEUED), where);
        assert.ok(seen.length >= QUEUED.length - 1, where);
        if (seen.length === QUEUED.length) whole++;
        else if (seen.at(-1) !== 'g') assert.ok(said(again.lines, /ERROR|WARN .*was not finished/), where);
        else assert.ok(said(again.lines, /ERROR .*(damaged|gone|lost)/), where);
        rmSync(copy, { recursive: true });
      }
    }
    assert.ok(whole > 100, `${whole}`);
  });

  it('needs no checkpoint: a flipped byte, a cut, zeros or no file at all lose and double nothing', async function () {
    this.timeout(180_000);
    const original = join(dir(), 'original');
    await prepare(original);
    const path = join('checkpoint', 'sluice-checkpoint');
    const bytes = readFileSync(join(original, path));
    const variants: Buffer[] = [Buffer.alloc(0), Buffer.alloc(bytes.length)];
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1;
      if (at % 3 === 0) variants.push(flipped);
      if (at % 11 === 0) variants.push(bytes.subarray(0, at));
    }
    for (const variant of variants) {
      const copy = copyOf(original);
      writeFileSync(join(copy, path), variant);
      const { seen, lines } = await reopen(copy);
      assert.deepEqual(seen, QUEUED);
      assert.ok(said(lines, /ERROR the checkpoint .* is damaged/));
      rmSync(copy, { recursive: true });
    }
    withoutCheckpoints(original);
    assert.deepEqual((await reopen(original)).seen, QUEUED);
  });

  it('reads the segments when the checkpoint is of other ones', async () => {
    const one = join(dir(), 'one');
    const two = join(dir(), 'two');
    await prepare(one);
    await prepare(two);
    cpSync(join(one, 'checkpoint'), join(two, 'checkpoint'), { recursive: true });
    const { seen, lines } = await reopen(two);
    assert.deepEqual(seen, QUEUED);
    assert.ok(said(lines, /ERROR no checkpoint .* belongs to these segments/));
  });

  it('says what is gone with a segment that was removed, and gives the rest', async () => {
    const original = join(dir(), 'original');
    await prepare(original);
    const middle = segments(original)[1]!;
    rmSync(middle);
    const { seen, lines } = await reopen(original);
    assert.ok(seen.length < QUEUED.length && isPartOf(seen, QUEUED));
    assert.ok(said(lines, new RegExp(`ERROR ${QUEUED.length - seen.length} events are gone`)));
  });

  it('does not give up the events of a data directory that is not there', async () => {
    const dataDirs = `${join(dir(), 'one')},${join(dir(), 'two')}`;
    const settings = { dataDirs, maxFileSize: '1' };
    const { channel } = await open(dir(), settings);
    for (const line of LINES) await put(channel, [line]);
    await channel.close();
    await assert.rejects(open(dir(), { ...settings, dataDirs: join(dir(), 'two') }), {
      code: 'STATE_UNUSABLE',
      message: /events in .*one are not there: is its disk mounted/,
    });
    const again = await open(dir(), settings);
    assert.deepEqual(await drain(again.channel), LINES);
    await again.channel.close();
    // Now there is nothing in it that is waited for.
    const last = await open(dir(), { ...settings, dataDirs: join(dir(), 'two') });
    assert.equal(last.channel.size, 0);
    await last.channel.close();
  });

  it('refuses files of a future version, and says which', async () => {
    const original = join(dir(), 'original');
    await prepare(original);
    const copy = copyOf(original);
    const path = segments(copy)[0]!;
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(7, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
    writeFileSync(path, bytes);
    await assert.rejects(open(copy), { code: 'STATE_UNUSABLE', message: /segment is of version 7 .* knows version 2/ });
    const json = '{}';
    const crc = crc32(`3\n${json}`).toString(16).padStart(8, '0');
    writeFileSync(join(original, 'checkpoint', 'sluice-checkpoint'), `sluice-file-channel 3 ${crc}\n${json}`);
    await assert.rejects(open(original), { code: 'STATE_UNUSABLE', message: /checkpoint is of version 3/ });
    // Neither was touched: nothing holds the directories.
    assert.ok(!readdirSync(join(original, 'data')).includes('sluice-in_use.lock'));
  });

  it('passes over damage that comes while it runs', async () => {
    const { channel, lines, counters } = await open(dir(), { maxFileSize: '3000000' });
    const line = 'x'.repeat(1000);
    // More than it keeps in memory.
    for (let i = 0; i < 30; i++)
      await put(
        channel,
        Array.from({ length: 1000 }, (_, n) => `${i * 1000 + n} ${line}`),
      );
    const path = segments(dir()).at(-1)!;
    const bytes = readFileSync(path);
    bytes[5000] = 0;
    writeFileSync(path, bytes);
    const seen = await drain(channel);
    assert.equal(seen.length, 29_000);
    assert.equal(channel.size, 0);
    assert.equal(counters.EventTakeErrorCount, 1000);
    assert.ok(said(lines, /ERROR .*segment: \d+ bytes at \d+ are damaged/));
    assert.ok(said(lines, /ERROR 1000 events are lost to damage in .*segment/));
    await channel.close();
  });
});
