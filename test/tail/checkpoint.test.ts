import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig, TwoWays } from './rig.ts';

describe('the positions of tailed files', () => {
  const rig = new TailRig(useTempDir());

  afterEach(async () => {
    await rig.crash();
    rig.checkpoint = new (rig.checkpoint.constructor as new () => typeof rig.checkpoint)();
  });

  const entry = (name: string, pos: number): string =>
    `{"inode":${statSync(rig.path(name)).ino},"pos":${pos},"file":"${rig.path(name)}"}`;

  it('come from the checkpoint: what was settled is not read again, what was not is', async () => {
    rig.put('a', 'one\ntwo\nthree\n');
    const out = new TwoWays();
    await rig.start('a', {}, out);
    await out.waitForRows(3);
    const [{ c1, c2 }] = out.legs;
    c1.settle(0, 2);
    c2.settle(0, 2);
    await rig.crash();
    rig.append('a', 'four\n');
    assert.deepEqual(await rig.life('a', 2), ['three', 'four']);
  });

  it('are kept by channel: rows settled on one way go only the other one, over several crashes', async () => {
    const all = Array.from({ length: 10 }, (_, i) => `line ${i}`);
    rig.put('a', all.map((line) => `${line}\n`).join(''));
    const first = new TwoWays();
    await rig.start('a', {}, first);
    await first.waitForRows(10);
    first.legs[0].c1.settle(0, 3);
    first.legs[0].c1.settleRows(Uint32Array.of(5, 6, 9));
    first.legs[0].c2.settle(0, 1);
    await rig.crash();

    const second = new TwoWays();
    await rig.start('a', {}, second);
    await second.waitForRows(9);
    assert.deepEqual(
      second.lines.c1,
      [3, 4, 7, 8].map((i) => all[i]),
    );
    assert.deepEqual(second.lines.c2, all.slice(1));
    second.legs[0].c2.settleRows(Uint32Array.of(1, 2, 8));
    second.legs[0].c1.settleRows(Uint32Array.of(0));
    await rig.crash();

    const third = new TwoWays();
    await rig.start('a', {}, third);
    await third.waitForRows(9);
    assert.deepEqual(
      third.lines.c1,
      [4, 7, 8].map((i) => all[i]),
    );
    assert.deepEqual(
      third.lines.c2,
      [1, 4, 5, 6, 7, 8].map((i) => all[i]),
    );
    const [{ c1, c2 }] = third.legs;
    c1.settle(0, c1.rows);
    c2.settle(0, c2.rows);
    await rig.stop();
    rig.append('a', 'last\n');
    assert.deepEqual(await rig.life('a', 1), ['last']);
  });

  it('say nothing of a file that was cut behind them: also what was settled on one way only is read anew', async () => {
    rig.put('a', 'one\ntwo\nthree\nfour\n');
    const first = new TwoWays();
    await rig.start('a', {}, first);
    await first.waitForRows(4);
    first.legs[0].c1.settleRows(Uint32Array.of(0, 3));
    first.legs[0].c2.settleRows(Uint32Array.of(0));
    await rig.crash();
    // Up to the position nothing has changed, but the line behind it that one channel has is another one.
    rig.put('a', 'one\ntwo\nTHREE\n');
    const second = new TwoWays();
    await rig.start('a', {}, second);
    await second.waitForRows(3);
    rig.append('a', 'FOUR\n');
    await second.waitForRows(4);
    assert.deepEqual(second.lines.c1, ['one', 'two', 'THREE', 'FOUR']);
    assert.deepEqual(second.lines.c2, ['one', 'two', 'THREE', 'FOUR']);
  });

  it('know of a batch before the first channel has it, and while the second one has no room', async () => {
    rig.put('a', 'one\ntwo\n');
    const out = new TwoWays();
    const room = Promise.withResolvers<void>();
    const waits = Promise.withResolvers<void>();
    out.between = () => {
      waits.resolve();
      return room.promise;
    };
    out.emit = new Proxy(out.emit, {
      apply: (emit, self, args: Parameters<typeof out.emit>) => {
        const [batch, options] = args;
        const onReceipt: NonNullable<typeof options>['onReceipt'] = (receipt) => {
          options?.onReceipt?.(receipt);
          const { leg } = receipt;
          receipt.leg = (channel, rows) => {
            const made = leg.call(receipt, channel, rows);
            if (channel === 'c1') made.settle(0, 1);
            return made;
          };
        };
        return emit.call(self, batch, { ...options, onReceipt });
      },
    });
    const running = rig.start('a', {}, out);
    await waits.promise;
    const saved = rig.checkpoint.take();
    room.resolve();
    await running;
    await rig.stop();
    rig.checkpoint.saved = saved;
    const second = new TwoWays();
    await rig.start('a', {}, second);
    await second.waitForRows(2);
    assert.deepEqual(second.lines, { c1: ['two'], c2: ['one', 'two'] });
  });

  it('tell of rows that settle after the end of the source', async () => {
    rig.put('a', 'one\ntwo\n');
    const run = await rig.start('a');
    run.out.settle = false;
    rig.append('a', 'three\n');
    await run.out.waitForRows(3);
    const { changes } = rig.checkpoint;
    await run.stop();
    for (const { leg, batch } of run.out.emitted) leg.settle(0, batch.length);
    assert.ok(rig.checkpoint.changes > changes);
    assert.equal(rig.saved('a')?.['pos'], 14);
    await waitFor(() => readFileSync(rig.positionFile, 'utf8') === `[${entry('a', 14)}]`);
  });

  it('of a batch that was refused at the end of the agent are those that the channels tell', async () => {
    rig.put('a', 'one\ntwo\n');
    const out = new TwoWays();
    const waits = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    out.between = () => {
      waits.resolve();
      return end.promise;
    };
    await rig.start('none', {}, out);
    const emit = out.emit.bind(out);
    out.emit = (batch, options) =>
      emit(batch, {
        ...options,
        onReceipt: (receipt) => {
          options?.onReceipt?.(receipt);
          void waits.promise.then(() => receipt.legs[0].settle(0, 2));
        },
      });
    rig.put('none', 'one\ntwo\n');
    await waits.promise;
    const stopping = rig.run?.stop();
    end.reject(new Error('the agent ends'));
    await stopping;
    rig.checkpoint = new (rig.checkpoint.constructor as new (saved: unknown) => typeof rig.checkpoint)(
      rig.checkpoint.take(),
    );
    const second = new TwoWays();
    await rig.start('none', {}, second);
    await second.waitForRows(2);
    assert.deepEqual(second.lines, { c1: [], c2: ['one', 'two'] });
  });

  it('in the position file are never ahead of the checkpoint', async () => {
    rig.put('a', 'one\ntwo\n');
    const commits: (() => void)[] = [];
    rig.checkpoint.commit = () => new Promise((resolve) => commits.push(resolve));
    const run = await rig.start('a');
    await run.out.waitForRows(2);
    for (let i = 0; i < 2; i++) {
      await waitFor(() => commits.length > 0);
      assert.throws(() => readFileSync(rig.positionFile), { code: 'ENOENT' });
      commits.shift()?.();
    }
    await waitFor(() => readFileSync(rig.positionFile, 'utf8') === `[${entry('a', 8)}]`);
    rig.checkpoint.commit = () => Promise.resolve();
    for (const commit of commits) commit();
  });

  it('are not written to the position file, and hold up no stop, while the checkpoint cannot be written', async function () {
    this.timeout(20_000);
    rig.put('a', 'one\n');
    rig.checkpoint.commit = () => new Promise(() => {});
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    await run.stop();
    assert.throws(() => readFileSync(rig.positionFile), { code: 'ENOENT' });
  });

  it('are those of the position file where Flume has read on in between', async () => {
    rig.put('a', 'one\ntwo\nthree\n');
    rig.put('b', 'one\n');
    const run = await rig.start('[ab]');
    await run.out.waitForRows(4);
    await rig.stop();
    rig.append('a', 'four\nfive\n');
    rig.append('b', 'two\n');
    writeFileSync(rig.positionFile, `[${entry('a', 19)},${entry('b', 9999)}]`);
    assert.deepEqual((await rig.life('[ab]', 2)).sort(), ['five', 'two']);
  });

  it('are those of the checkpoint where the position file is behind, or missing', async () => {
    rig.put('a', 'one\ntwo\n');
    assert.deepEqual(await rig.life('a', 2), ['one', 'two']);
    writeFileSync(rig.positionFile, `[${entry('a', 4)}]`);
    rig.append('a', 'three\n');
    assert.deepEqual(await rig.life('a', 1), ['three']);
    rmSync(rig.positionFile);
    rig.append('a', 'four\n');
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['four']);
    const warnings = run.log.lines.filter((line) => line.startsWith('WARN'));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /position file .* is missing; .* remove .*checkpoint\.0 and checkpoint\.1/);
  });

  it('are those of the position file when the checkpoint means nothing', async () => {
    rig.put('a', 'one\ntwo\n');
    assert.deepEqual(await rig.life('a', 2), ['one', 'two']);
    rig.append('a', 'three\n');
    rig.checkpoint.saved = { version: 99 };
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['three']);
    await rig.said(/ERROR the checkpoint holds nothing of this source/);
  });

  it('are begun from nothing where entries of the checkpoint are damaged', async () => {
    rig.put('a', 'one\n');
    for (const files of [
      [null, 1, 'x', {}, { id: 'x' }, { id: '1:2', path: rig.path('a'), pos: -1 }],
      'x',
      undefined,
    ]) {
      rig.checkpoint.saved = { version: 1, files };
      rmSync(rig.positionFile, { force: true });
      assert.deepEqual(await rig.life('a', 1), ['one']);
    }
  });

  it('stand before an unfinished line, which is completed over a restart', async () => {
    rig.put('a', 'one\nha');
    assert.deepEqual(await rig.life('a', 1), ['one']);
    rig.append('a', 'lf\n');
    assert.deepEqual(await rig.life('a', 1), ['half']);
  });
});
