import assert from 'node:assert/strict';
import { renameSync, truncateSync, unlinkSync } from 'node:fs';
import { FakeOutput } from '../sources/harness.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

class NamingOutput extends FakeOutput {
  readonly wantsOrigin = true;

  /** `EPOCH/SEQUENCE body` of each row. */
  get named(): string[] {
    return this.emitted.flatMap(({ batch }, i) =>
      Array.from({ length: batch.length }, (_, row) => {
        const origin = this.options[i]?.origin;
        return `${origin?.epoch}/${origin?.sequences[row]} ${this.texts[i]![row]}`;
      }),
    );
  }

  /** Bodies as they were when they came: their memory is freed. */
  readonly texts: string[][] = [];

  override emit(...[batch, options]: Parameters<FakeOutput['emit']>): ReturnType<FakeOutput['emit']> {
    this.texts.push(Array.from({ length: batch.length }, (_, row) => batch.bodyOf(row).toString('latin1')));
    return super.emit(batch, options);
  }
}

describe('what names a line of a tailed file', () => {
  const rig = new TailRig(useTempDir());

  afterEach(async () => {
    await rig.crash();
    rig.checkpoint = new (rig.checkpoint.constructor as new () => typeof rig.checkpoint)();
  });

  async function read(pattern: string, rows: number, out = new NamingOutput()): Promise<NamingOutput> {
    await rig.start(pattern, {}, out);
    await out.waitForRows(rows);
    return out;
  }

  it('is asked for only by who wants it', async () => {
    rig.put('a', 'one\n');
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    assert.equal(run.out.options[0]?.origin, undefined);
  });

  it('is its offset, and the same when it is read again after a crash, whatever was written since', async () => {
    rig.put('a', 'one\ntwo\n');
    const out = new NamingOutput();
    out.settle = false;
    await read('a', 2, out);
    const before = out.named;
    assert.match(before[0]!, /\/0 one$/);
    assert.match(before[1]!, /\/4 two$/);
    await rig.crash();
    rig.append('a', 'three\n');
    renameSync(rig.path('a'), rig.path('a.1'));
    const again = await read('a.*', 3);
    assert.deepEqual(again.named.slice(0, 2), before);
    assert.equal(again.named[2], before[0]!.replace('/0 one', '/8 three'));
  });

  it('is another one in another file with the same lines, and in a new file of an old name', async () => {
    rig.put('a', 'one\n');
    rig.put('b', 'one\n');
    const out = await read('[ab]', 2);
    assert.equal(new Set(out.named).size, 2);
    unlinkSync(rig.path('a'));
    rig.put('a', 'one\n');
    await out.waitForRows(3);
    assert.equal(new Set(out.named).size, 3);
  });

  it('is another one after each cut, though the file begins with the same line each time, over crashes too', async () => {
    rig.put('a', 'header\n1\n');
    const out = await read('a', 2);
    const names = out.named;
    for (let round = 0; round < 3; round++) {
      const seen = rig.run!.log.lines.length;
      truncateSync(rig.path('a'), 0);
      await waitFor(() => rig.run!.log.lines.slice(seen).some((line) => /a was cut|a has other content/.test(line)), {
        what: 'the cut',
      });
      rig.append('a', `header\n${round}\n`);
      const now = rig.run!.out as NamingOutput;
      const before = round < 2 ? 2 * (round + 1) : 0;
      await now.waitForRows(before + 2);
      names.push(...now.named.slice(before));
      assert.equal(new Set(names.map((name) => name.split(' ', 1)[0])).size, names.length);
      if (round !== 1) continue;
      await rig.crash();
      await rig.start('a', {}, new NamingOutput());
    }
  });

  it('is the same for a cut that the checkpoint did not know of when the agent died', async () => {
    rig.put('a', 'header\nx\ny\n');
    const out = await read('a', 3);
    await waitFor(() => rig.saved('a')?.['pos'] === 11);
    const known = rig.checkpoint.take();
    truncateSync(rig.path('a'), 0);
    rig.append('a', 'header\n1\n');
    await out.waitForRows(5);
    const before = out.named.slice(3);
    await rig.crash();
    rig.checkpoint = new TestCheckpoint(known);
    const again = await read('a', 2);
    assert.deepEqual(again.named, before);
  });

  it('is known to the next life before the first line is out, and what was settled of other content says nothing of this one', async () => {
    const first = 'x'.repeat(2000);
    rig.put('a', `${first}\n1\n2\n3\n`);
    const out = new NamingOutput();
    out.settle = false;
    let commits = 0;
    const { checkpoint } = rig;
    const commit = checkpoint.commit.bind(checkpoint);
    checkpoint.commit = () => {
      assert.equal(out.emitted.length, 0);
      commits++;
      return commit();
    };
    await read('a', 4, out);
    assert.equal(commits, 1);
    // Settled out of order: the position stays at 0.
    out.emitted.at(-1)!.leg.settleRows(Uint32Array.of(out.emitted.at(-1)!.batch.length - 1));
    assert.equal(rig.saved('a')?.['pos'], 0);
    assert.ok(rig.saved('a')?.['settled'] !== undefined);
    await rig.crash();
    rig.put('a', `${first.replaceAll('x', 'y')}\n1\n2\n3\n`);
    const run = new NamingOutput();
    await read('a', 4, run);
    assert.equal(run.options[0]?.settled, undefined);
    const names = [...out.named, ...run.named].map((name) => name.split(' ', 1)[0]);
    assert.equal(new Set(names).size, 8);
  });
});
