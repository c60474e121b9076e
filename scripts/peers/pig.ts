import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runChild } from '../../test/support/child.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { ADD_OPENS } from './add-opens.ts';
import { SMALL_JVM } from './flume.ts';
import { LOG4J, siteXml } from './hdfs.ts';
import { cacheDir, resolvePom } from './maven.ts';

/** Pig loads this class for its bloom joins whether there are any or not, and no published jar holds it. An empty one does. */
const MISSING = 'package org.apache.pig.org.roaringbitmap; public class RoaringBitmap {}\n';

async function missingClass(): Promise<string> {
  const classes = join(cacheDir(), 'peers', 'pig-classes');
  if (existsSync(classes)) return classes;
  const work = `${classes}.${process.pid}.tmp`;
  mkdirSync(work, { recursive: true });
  try {
    writeFileSync(join(work, 'RoaringBitmap.java'), MISSING);
    const child = await runChild({ command: 'javac', args: ['-d', work, join(work, 'RoaringBitmap.java')] });
    if (child.code !== 0) throw new Error(`javac failed:\n${child.log()}`);
    if (!existsSync(classes)) renameSync(work, classes);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return classes;
}

/** A run of a Pig script. */
export type PigRun = {
  file: string;
  /** Folder with core-site.xml and hdfs-site.xml of the file system that is the default; without it the local one is. */
  hadoopConf?: string;
  /** Parameters: `$NAME` in the script. */
  parameters?: Readonly<Record<string, string>>;
};

/** Runs a script with a real Pig 0.18.0 (MapReduce within the process) and returns what it printed. Throws when it fails. */
export async function runPig(run: PigRun): Promise<string> {
  const lib = await resolvePom('pig');
  const classes = await missingClass();
  const dir = makeTempDir('sluice-pig-');
  const conf = join(dir, 'conf');
  for (const folder of ['conf', 'tmp']) mkdirSync(join(dir, folder), { recursive: true });
  if (run.hadoopConf !== undefined) cpSync(run.hadoopConf, conf, { recursive: true });
  else writeFileSync(join(conf, 'core-site.xml'), siteXml({ 'fs.defaultFS': 'file:///' }));
  writeFileSync(join(conf, 'log4j.properties'), LOG4J.replace('INFO', 'WARN'));
  writeFileSync(
    join(conf, 'mapred-site.xml'),
    siteXml({
      'mapreduce.framework.name': 'local',
      'mapreduce.cluster.local.dir': join(dir, 'tmp', 'mapred'),
      'mapreduce.task.io.sort.mb': '16',
    }),
  );
  // How often it looks whether a job has ended.
  writeFileSync(join(conf, 'pig.properties'), 'pig.jobcontrol.sleep=50\nlog4j.logger.org.apache.pig=WARN\n');
  const parameters = Object.entries(run.parameters ?? {}).flatMap(([name, value]) => ['-param', `${name}=${value}`]);
  const child = await runChild(
    {
      name: `pig -f ${run.file}`,
      command: 'java',
      args: [
        ...SMALL_JVM,
        ...ADD_OPENS,
        '-Xmx512m',
        `-Djava.io.tmpdir=${join(dir, 'tmp')}`,
        '-cp',
        `${conf}:${classes}:${lib}/*`,
        'org.apache.pig.Main',
        '-x',
        'mapreduce',
        ...parameters,
        '-f',
        resolve(run.file),
      ],
      cwd: dir,
      env: {
        ...process.env,
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        HADOOP_CONF_DIR: conf,
        HADOOP_USER_NAME: process.env['USER'] ?? 'root',
      },
    },
    180_000,
  );
  if (child.code !== 0) throw new Error(`pig failed (${child.code}):\n${child.log().slice(-6000)}`);
  return child.stdout;
}

if (import.meta.main) {
  // node scripts/peers/pig.ts FILE [HADOOP_CONF_DIR] [NAME=VALUE…]
  const [file, hadoopConf, ...pairs] = process.argv.slice(2);
  const parameters = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  process.stdout.write(await runPig({ file, parameters, ...(hadoopConf ? { hadoopConf } : {}) }));
}
