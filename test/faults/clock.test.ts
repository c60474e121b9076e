import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTempDir } from '../support/temp-dir.ts';
import { READERS } from './read-back.ts';
import { Rig } from './rig.ts';
import { folder } from './scenario.ts';
import { configuration, fileChannel, fileRoll, hdfs, memory, taildir } from './scenarios.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

describe('an agent whose clock is set', function () {
  this.timeout(120_000);
  const temp = useTempDir();
  let rig: Rig | undefined;

  before(() => {
    assert.ok(existsSync(FAKETIME), 'faketime is needed: apt-get install faketime');
  });

  afterEach(async () => {
    await rig?.end();
    rig = undefined;
  });

  for (const [name, channel, sink] of [
    ['hdfs behind a memory channel', () => memory, hdfs],
    ['hdfs behind a file channel', fileChannel, hdfs],
    ['file_roll', () => memory, fileRoll],
  ] as const) {
    it(`delivers every line once, forwards and backwards, with kills: ${name}`, async () => {
      const dir = temp();
      const out = join(dir, 'out');
      const offset = join(dir, 'offset');
      const set = (by: string): void => {
        // In one step: it is read at each look at the clock.
        writeFileSync(`${offset}.new`, `${by}\n`);
        renameSync(`${offset}.new`, offset);
      };
      mkdirSync(out);
      set('+0');
      rig = new Rig({
        dir,
        conf: configuration(taildir(dir), [channel(dir)], [sink(out)]),
        outputs: [folder(out, READERS.text, [], { unordered: true })],
        env: {
          LD_PRELOAD: FAKETIME,
          FAKETIME_TIMESTAMP_FILE: offset,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
          DONT_FAKE_MONOTONIC: '1',
          NO_FAKE_STAT: '1',
        },
      });
      await rig.start();
      rig.load.start();
      for (const by of ['+2h', '-3h', '-400d', '+30s', '+0']) {
        await rig.flows(200);
        set(by);
        await rig.flows(200);
        await rig.agent.kill();
        await rig.start();
      }
      // The year shows that the agent really sees another time.
      set('-400d');
      await rig.flows(200);
      await rig.finish();
      const year = new Date(Date.now() - 400 * 86_400_000).getFullYear();
      assert.match(rig.agent.log(), new RegExp(`^${year}-`, 'm'));
    });
  }
});
