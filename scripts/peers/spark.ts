import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runChild } from '../../test/support/child.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { ADD_OPENS } from './add-opens.ts';
import { SMALL_JVM } from './flume.ts';
import type { SqlRun } from './hive.ts';
import { cacheDir } from './maven.ts';

const VERSION = '3.5.8';

/** Fetches Spark's jars into a folder of the cache, once, and returns that folder. They come in its Python package, which holds the whole distribution. */
export async function resolveSpark(): Promise<string> {
  const lib = join(cacheDir(), 'peers', `spark-${VERSION}`);
  if (existsSync(lib)) return lib;
  const work = `${lib}.${process.pid}.tmp`;
  mkdirSync(join(work, 'jars'), { recursive: true });
  process.stderr.write(`fetching Spark ${VERSION} from PyPI (once, 320 MB) ...\n`);
  const started = performance.now();
  const run = async (command: string, ...args: string[]) => {
    const child = await runChild({ command, args, cwd: work }, 600_000);
    if (child.code !== 0) {
      throw new Error(
        `${command} ${args.join(' ')} failed (${child.code}):\n${child.log().slice(-3000)}\n` +
          'On Debian: apt-get install --no-install-recommends python3-pip',
      );
    }
  };
  try {
    await run('pip3', 'download', '-q', '--no-deps', '--no-cache-dir', '-d', work, `pyspark==${VERSION}`);
    const inside = `pyspark-${VERSION}/deps/jars`;
    await run('tar', '-xzf', `pyspark-${VERSION}.tar.gz`, '-C', 'jars', '--strip-components=3', inside);
    try {
      renameSync(join(work, 'jars'), lib);
    } catch (error) {
      // Another run was first: its folder is as good.
      if (!existsSync(lib)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  process.stderr.write(`Spark: ready in ${lib} after ${Math.round((performance.now() - started) / 1000)} s\n`);
  return lib;
}

/**
 * Runs a file of statements with a real `spark-sql` (Spark 3.5.8, two cores of this machine, a metastore of its own) and returns what it printed: rows, their columns separated
 * by tabs. Throws at the first statement that fails.
 */
export async function runSpark(run: SqlRun): Promise<string> {
  const lib = await resolveSpark();
  const dir = run.dir ?? makeTempDir('sluice-spark-');
  for (const folder of ['tmp', 'local']) mkdirSync(join(dir, folder), { recursive: true });
  const settings = {
    'spark.master': 'local[2]',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.ui.enabled': 'false',
    'spark.local.dir': join(dir, 'local'),
    'spark.sql.warehouse.dir': `file://${join(dir, 'warehouse')}`,
    'spark.sql.shuffle.partitions': '2',
    'spark.hadoop.javax.jdo.option.ConnectionURL': `jdbc:derby:;databaseName=${join(dir, 'metastore')};create=true`,
    'spark.hadoop.hive.exec.scratchdir': `file://${join(dir, 'scratch')}`,
  };
  const variables = Object.entries(run.variables ?? {}).flatMap(([name, value]) => ['--hivevar', `${name}=${value}`]);
  const conf = run.hadoopConf ?? join(dir, 'conf');
  const child = await runChild(
    {
      name: `spark-sql -f ${run.file}`,
      command: 'java',
      args: [
        ...SMALL_JVM,
        ...ADD_OPENS,
        '-Xmx768m',
        `-Djava.io.tmpdir=${join(dir, 'tmp')}`,
        `-Dderby.stream.error.file=${join(dir, 'derby.log')}`,
        ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
        '-cp',
        `${conf}:${lib}/*`,
        'org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver',
        '-S',
        ...variables,
        '-f',
        resolve(run.file),
      ],
      cwd: dir,
      env: {
        ...process.env,
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        SPARK_LOCAL_IP: '127.0.0.1',
        HADOOP_CONF_DIR: conf,
        HADOOP_USER_NAME: process.env['USER'] ?? 'root',
      },
    },
    300_000,
  );
  if (child.code !== 0) throw new Error(`spark-sql failed (${child.code}):\n${child.log().slice(-6000)}`);
  return child.stdout;
}

if (import.meta.main) {
  // node scripts/peers/spark.ts fetches; node scripts/peers/spark.ts FILE [HADOOP_CONF_DIR] [NAME=VALUE…] runs.
  const [file, hadoopConf, ...pairs] = process.argv.slice(2);
  const variables = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  if (file === undefined) console.log(await resolveSpark());
  else process.stdout.write(await runSpark({ file, variables, ...(hadoopConf ? { hadoopConf } : {}) }));
}
