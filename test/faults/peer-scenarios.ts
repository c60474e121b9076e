import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { type ListedFile, READERS } from './read-back.ts';
import type { Foreign, Output, Prepared, Scenario } from './scenario.ts';
import { agent, configuration, hdfs as hdfsSink, memory, taildir } from './scenarios.ts';

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

const overWebHdfs: Scenario = {
  name: 'taildir -> memory -> hdfs on webhdfs: (a real HDFS)',
  peer: true,
  prepare: async (dir): Promise<Prepared> => {
    const hdfs = await startHdfs({ dir: join(dir, 'hdfs') });
    const sink = hdfsSink('', {
      'hdfs.path': `webhdfs://127.0.0.1:${hdfs.httpPort}${ROOT}/%{stream}`,
      'hdfs.rollInterval': 3,
      'hdfs.rollCount': 1500,
      'hdfs.rollSize': 0,
      'hdfs.retryInterval': 1,
    });
    const output: Output = {
      name: 'HDFS',
      list: () => listHdfs(hdfs),
      reader: READERS.text,
      foreign: [await plant(hdfs)],
    };
    return {
      agents: [agent(dir, configuration(taildir(dir, STREAMS), [memory], [sink]))],
      load: { dir: join(dir, 'logs'), streams: STREAMS, linesPerSecond: 800, rotateMs: 4000 },
      outputs: [output],
      workMs: 4000,
      patienceMs: 120_000,
      end: () => hdfs.stop(),
    };
  },
};

/** Those that need a real peer. */
export const PEER_SCENARIOS: readonly Scenario[] = [overWebHdfs];
