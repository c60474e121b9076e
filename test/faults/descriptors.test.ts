import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { useTempDir } from '../support/temp-dir.ts';
import { READERS } from './read-back.ts';
import { Rig } from './rig.ts';
import { folder } from './scenario.ts';
import { configuration, fileChannel, fileRoll, hdfs, memory, taildir } from './scenarios.ts';

const LIMIT = 64;
/** More than may be open. */
const STREAMS = Array.from(
  { length: 100 },
  (_, i) => `s${String.fromCharCode(97 + Math.floor(i / 10), 97 + (i % 10))}`,
);

describe(`an agent that may open ${LIMIT} descriptors`, function () {
  this.timeout(120_000);
  const temp = useTempDir();
  let rig: Rig | undefined;

  afterEach(async () => {
    await rig?.end();
    rig = undefined;
  });

  for (const [name, channel, sink] of [
    ['memory channel, hdfs', () => memory, (out: string) => hdfs(out, { 'hdfs.path': `file://${out}` })],
    ['memory channel, file_roll', () => memory, fileRoll],
    ['file channel, file_roll', fileChannel, fileRoll],
  ] as const) {
    it(`reads ${STREAMS.length} files that all grow, every line once, with kills: ${name}`, async () => {
      const dir = temp();
      const out = join(dir, 'out');
      const source = {
        ...taildir(dir, ['all']),
        'filegroups.all': `${dir}/logs/.*\\\\.log.*`,
      };
      rig = new Rig({
        dir,
        conf: configuration(source, [channel(dir)], [sink(out)]),
        outputs: [folder(out, READERS.text, [])],
        load: { streams: STREAMS, rotateMs: 5000 },
        descriptors: LIMIT,
      });
      await rig.start();
      rig.load.start();
      for (let time = 0; time < 3; time++) {
        await rig.flows(1500);
        const open = readdirSync(`/proc/${rig.agent.pid}/fd`).length;
        assert.ok(open <= LIMIT, `${open} are open`);
        await rig.agent.kill();
        await rig.start();
      }
      await rig.finish(60_000);
    });
  }
});
