import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { type ListedFile, READERS, type Reader } from './read-back.ts';
import type { Foreign, Output, Prepared, Scenario } from './scenario.ts';
import {
  agent,
  compressed,
  configuration,
  fileChannel,
  hdfs as hdfsSink,
  memory,
  type Options,
  taildir,
} from './scenarios.ts';

const STREAMS = ['alpha', 'beta'];
const ROOT = '/torture';
/** A file of somebody else, with a name as of ours. */
const FOREIGN = 'alpha/FlumeData.1000000000000.tmp';
const FOREIGN_TEXT = 'this belongs to somebody else\n';

async function plant(hdfs: Hdfs): Promise<Foreign> {
  const local = join(hdfs.dir, 'foreign');
  writeFileSync(local, FOREIGN_TEXT);
  await hdfs.shell('-mkdir', '-p', `${ROOT}/alpha`);
  const put = await hdfs.shell('-put', local, `${ROOT}/${FOREIGN}`);
  if (put.code !== 0) throw new Error(`-put: ${put.log()}`);
  const objection = async (): Promise<string | undefined> => {
    const text = await hdfs.read(`${ROOT}/${FOREIGN}`).catch(String);
    return text.toString() === FOREIGN_TEXT ? undefined : `${FOREIGN} is not as it was: ${text}`;
  };
  return { name: FOREIGN, objection };
}

async function listHdfs(hdfs: Hdfs): Promise<ListedFile[]> {
  return Array.from(await hdfs.list(ROOT), ([path, size]) => ({
    name: path.slice(ROOT.length + 1),
    size,
    read: () => hdfs.read(path),
  }));
}

/** `taildir -> CHANNEL -> hdfs` on a real HDFS. */
function overWebHdfs(name: string, channel: (dir: string) => Options, more: Options, reader: Reader): Scenario {
  const prepare = async (dir: string): Promise<Prepared> => {
    const hdfs = await startHdfs({ dir: join(dir, 'hdfs') });
    const sink = hdfsSink('', {
      'hdfs.path': `webhdfs://127.0.0.1:${hdfs.httpPort}${ROOT}/%{stream}`,
      'hdfs.rollInterval': 3,
      'hdfs.rollCount': 1500,
      'hdfs.rollSize': 0,
      'hdfs.retryInterval': 1,
      ...more,
    });
    const output: Output = { name: 'HDFS', list: () => listHdfs(hdfs), reader, foreign: [await plant(hdfs)] };
    return {
      agents: [agent(dir, configuration(taildir(dir, STREAMS), [channel(dir)], [sink]))],
      load: { dir: join(dir, 'logs'), streams: STREAMS, linesPerSecond: 800, rotateMs: 4000 },
      outputs: [output],
      workMs: 4000,
      patienceMs: 120_000,
      end: () => hdfs.stop(),
    };
  };
  return { name, prepare };
}

/** Those that need a real peer. */
export const PEER_SCENARIOS: readonly Scenario[] = [
  overWebHdfs('taildir -> memory -> hdfs on webhdfs:', () => memory, {}, READERS.text),
  overWebHdfs('taildir -> file channel -> hdfs on webhdfs:, gzip', fileChannel, compressed('gzip'), READERS.gzip),
];
