import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PositionFile } from '../../src/tail/positions.ts';
import { memoryLogger } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';

const WHOLE = '[{"inode":1,"pos":2,"file":"/a"},{"inode":18446744073709551615,"pos":5,"file":"/b \\"q\\""}]';

describe('a damaged position file', () => {
  const temp = useTempDir();

  async function load(text: string | Buffer) {
    const path = join(temp(), 'positions.json');
    writeFileSync(path, text);
    const log = memoryLogger();
    let damaged = 0;
    const positions = await new PositionFile(path, log, () => damaged++).load();
    assert.equal(log.lines.length, damaged);
    return { positions, damaged };
  }

  it('gives what is whole of it, says so and is counted, cut at any length', async () => {
    const { positions: all } = await load(WHOLE);
    assert.equal(all?.length, 2);
    for (let length = 0; length < WHOLE.length; length++) {
      const { positions, damaged } = await load(WHOLE.slice(0, length));
      assert.equal(damaged, 1, `cut to ${length}`);
      assert.deepEqual(positions, all.slice(0, positions?.length), `cut to ${length}`);
    }
  });

  it('never stops the source, whatever byte of it is flipped or zero', async () => {
    for (let at = 0; at < WHOLE.length; at++) {
      for (const value of [0, 0x5c, 0x22, 0xff, WHOLE.charCodeAt(at) ^ 1]) {
        const bytes = Buffer.from(WHOLE);
        bytes[at] = value;
        const { positions } = await load(bytes);
        for (const { pos } of positions ?? []) assert.ok(Number.isSafeInteger(pos) && pos >= 0, `byte ${at}: ${pos}`);
      }
    }
  });
});
