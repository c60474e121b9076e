import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runChild } from '../../test/support/child.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { ADD_OPENS } from './add-opens.ts';
import { SMALL_JVM } from './flume.ts';
import { LOG4J, siteXml } from './hdfs.ts';
import { resolvePom } from './maven.ts';

const LOG4J2 = `status = error
appenders = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{2} - %m%n
rootLogger.level = WARN
rootLogger.appenderRefs = root
rootLogger.appenderRef.root.ref = console
`;

/** A run of a file of statements. */
export type SqlRun = {
  /** The file. */
  file: string;
  /** Folder with core-site.xml and hdfs-site.xml of the file system that is the default; without it the local one is. */
  hadoopConf?: string;
  /** Variables: `${hivevar:NAME}` in Hive, `${NAME}` in Spark. */
  variables?: Readonly<Record<string, string>>;
  /** Folder for the metastore and scratch files; default: a new temporary one. Runs with the same folder see each other's tables. */
  dir?: string;
};

/**
 * Runs a file of statements with a real Hive 4.0.1 (its command line, a metastore of its own, MapReduce within the process) and returns what it printed: rows, their columns
 * separated by tabs. Throws at the first statement that fails.
 */
export async function runHive(run: SqlRun): Promise<string> {
  const lib = await resolvePom('hive');
  const dir = run.dir ?? makeTempDir('sluice-hive-');
  const conf = join(dir, 'conf');
  for (const folder of ['conf', 'tmp', 'scratch']) mkdirSync(join(dir, folder), { recursive: true });
  if (run.hadoopConf !== undefined) cpSync(run.hadoopConf, conf, { recursive: true });
  else writeFileSync(join(conf, 'core-site.xml'), siteXml({ 'fs.defaultFS': 'file:///' }));
  writeFileSync(join(conf, 'log4j.properties'), LOG4J.replace('INFO', 'WARN'));
  for (const name of ['hive-log4j2.properties', 'hive-exec-log4j2.properties', 'log4j2.properties']) {
    writeFileSync(join(conf, name), LOG4J2);
  }
  writeFileSync(
    join(conf, 'mapred-site.xml'),
    siteXml({
      'mapreduce.framework.name': 'local',
      'mapreduce.cluster.local.dir': join(dir, 'tmp', 'mapred'),
      'mapreduce.task.io.sort.mb': '16',
      'mapreduce.job.counters.limit': '1000',
      // How often the client looks whether a job has ended; the default of a second is most of a small job.
      'mapreduce.client.progressmonitor.pollinterval': '20',
      'mapreduce.client.completion.pollinterval': '20',
    }),
  );
  writeFileSync(
    join(conf, 'hive-site.xml'),
    siteXml({
      'javax.jdo.option.ConnectionURL': `jdbc:derby:;databaseName=${join(dir, 'metastore')};create=true`,
      'datanucleus.schema.autoCreateAll': 'true',
      'hive.metastore.schema.verification': 'false',
      'hive.execution.engine': 'mr',
      // Its default needs a library that is not there.
      'hive.async.log.enabled': 'false',
      'hive.metastore.warehouse.dir': `file://${join(dir, 'warehouse')}`,
      'hive.exec.scratchdir': `file://${join(dir, 'scratch')}`,
      'hive.exec.local.scratchdir': join(dir, 'scratch', 'local'),
      'hive.downloaded.resources.dir': join(dir, 'scratch', 'resources'),
      'hive.querylog.location': join(dir, 'scratch', 'log'),
      'hive.exec.counters.pull.interval': '20',
      'hive.exec.submit.local.task.via.child': 'false',
      'hive.metastore.event.db.notification.api.auth': 'false',
      'hive.security.authorization.enabled': 'false',
      'hive.notification.event.poll.interval': '0s',
      'hive.stats.autogather': 'false',
    }),
  );
  const variables = Object.entries(run.variables ?? {}).flatMap(([name, value]) => ['--hivevar', `${name}=${value}`]);
  const child = await runChild(
    {
      name: `hive -f ${run.file}`,
      command: 'java',
      args: [
        ...SMALL_JVM,
        ...ADD_OPENS,
        '-Xmx768m',
        `-Djava.io.tmpdir=${join(dir, 'tmp')}`,
        `-Dderby.stream.error.file=${join(dir, 'derby.log')}`,
        '-cp',
        `${conf}:${lib}/*`,
        'org.apache.hadoop.hive.cli.CliDriver',
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
        HADOOP_CONF_DIR: conf,
        HIVE_CONF_DIR: conf,
        HADOOP_USER_NAME: process.env['USER'] ?? 'root',
      },
    },
    300_000,
  );
  if (child.code !== 0) throw new Error(`hive failed (${child.code}):\n${child.log().slice(-6000)}`);
  return child.stdout;
}

if (import.meta.main) {
  // node scripts/peers/hive.ts FILE [HADOOP_CONF_DIR] [NAME=VALUE…]
  const [file, hadoopConf, ...pairs] = process.argv.slice(2);
  const variables = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  process.stdout.write(await runHive({ file, variables, ...(hadoopConf ? { hadoopConf } : {}) }));
}
