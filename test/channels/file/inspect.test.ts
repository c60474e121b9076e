import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectFileChannel } from '../../../src/channels/file/inspect.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { copyAtWork, never, open, put, putReplayed, segments } from './support.ts';

describe('inspectFileChannel', () => {
  const dir = useTempDir();

  const inspect = (folder: string, saved?: unknown): ReturnType<typeof inspectFileChannel> =>
    inspectFileChannel(join(folder, 'checkpoint'), [join(folder, 'data')], saved);

  /** Every file, with its bytes and its time. */
  function photo(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => `${path} ${statSync(path).mtimeMs} ${readFileSync(path, 'hex')}`);
  }

  it('tells what is queued, segment by segment, by whom it is used, and changes nothing', async () => {
    const at = join(dir(), 'one');
    const { channel } = await open(at, { maxFileSize: '1' });
    await put(channel, ['a', 'b', 'c']);
    await put(channel, ['d', 'e']);
    (await channel.take(1, never))?.commit();
    const used = await inspect(at);
    assert.equal(used.holder?.name, 'channel c of agent a');
    assert.ok(used.holder.alive);
    await channel.close();
    const before = photo(at);
    const report = await inspect(at);
    assert.deepEqual(photo(at), before);
    assert.equal(report.holder, undefined);
    assert.equal(report.queued, 4);
    assert.deepEqual(
      report.segments.slice(0, 2).map(({ state, firstRow, endRow, queued }) => ({ state, firstRow, endRow, queued })),
      [
        { state: 'sound', firstRow: 0, endRow: 3, queued: 2 },
        { state: 'sound', firstRow: 3, endRow: 5, queued: 2 },
      ],
    );
    assert.deepEqual(report.problems, []);
    assert.equal(report.isKnown, false);
  });

  it("goes by the agent's checkpoint, when it is given one", async () => {
    const at = join(dir(), 'one');
    const checkpoint = new TestCheckpoint();
    const { channel } = await open(at, {}, checkpoint);
    await put(channel, ['a', 'b', 'c']);
    const saved = checkpoint.take();
    await putReplayed(channel, ['d', 'e']);
    (await channel.take(1, never))?.commit();
    const copy = join(dir(), 'copy');
    copyAtWork(at, copy);
    const report = await inspect(copy, saved);
    assert.deepEqual([report.isKnown, report.queued], [true, 3]);
    // An hour later the same could be of another log.
    const other = await inspect(copy, { ...(saved as object), log: '000000000000' });
    assert.equal(other.isKnown, false);
    await channel.close();
  });

  it('names what is torn and what is damaged, with the places', async () => {
    const at = join(dir(), 'one');
    const { channel } = await open(at, { maxFileSize: '200' });
    for (const line of ['a', 'b', 'c', 'd', 'e', 'f']) await put(channel, [line]);
    const copy = join(dir(), 'copy');
    copyAtWork(at, copy);
    await channel.close();
    const [first, ...others] = segments(copy);
    const bytes = readFileSync(first!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(first!, bytes);
    const last = others.at(-1)!;
    const { size } = statSync(last);
    truncateSync(last, size - 3);
    const before = photo(copy);
    const report = await inspect(copy);
    assert.deepEqual(photo(copy), before);
    const damaged = report.segments[0]!;
    assert.equal(damaged.state, 'damaged');
    assert.equal(damaged.damaged[1], bytes.length);
    assert.equal(damaged.damagedBytes, damaged.damaged[1]! - damaged.damaged[0]!);
    assert.ok(report.problems.some((text) => text.startsWith(`${first}: ${damaged.damagedBytes} bytes are damaged`)));
    assert.equal(report.segments.at(-1)!.state, 'torn');
    assert.deepEqual(report.segments.at(-1)!.damaged.at(-1), size - 3);
    assert.ok(report.notes.some((text) => /last write was not finished/.test(text)));
  });

  it('says which directory is not there', async () => {
    const report = await inspect(join(dir(), 'none'));
    assert.equal(report.problems.length, 2);
    assert.deepEqual([report.queued, report.segments], [0, []]);
  });
});
