import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, runChild } from '../../test/support/child.ts';
import { freePorts } from '../../test/support/free-port.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { ADD_OPENS } from './add-opens.ts';
import { SMALL_JVM } from './flume.ts';
import { LOG4J, siteXml } from './hdfs.ts';
import { resolvePom } from './maven.ts';

const RESOURCE_MANAGER = 'org.apache.hadoop.yarn.server.resourcemanager.ResourceManager';
const NODE_MANAGER = 'org.apache.hadoop.yarn.server.nodemanager.NodeManager';
const EXAMPLES = 'org.apache.hadoop.examples.ExampleDriver';

/** A real ResourceManager and NodeManager (Hadoop 3.4.2) over a file system that runs. Every process ends with this one at the latest. */
export class Yarn {
  readonly dir: string;
  readonly confDir: string;
  readonly #lib: string;
  readonly #webPort: number;
  #daemons: Child[] = [];

  constructor(dir: string, lib: string, hadoopConf: string, ports: readonly number[]) {
    const [rm, scheduler, tracker, admin, web, nm, localizer, nmWeb, shuffle] = ports;
    this.dir = dir;
    this.#lib = lib;
    this.#webPort = web;
    this.confDir = join(dir, 'conf');
    // The jars hold no web pages, and without these folders the daemons end.
    for (const folder of ['conf/webapps/cluster', 'conf/webapps/node', 'tmp', 'local', 'logs']) {
      mkdirSync(join(dir, folder), { recursive: true });
    }
    cpSync(hadoopConf, this.confDir, { recursive: true });
    const at = (port: number) => `127.0.0.1:${port}`;
    const classPath = `${this.confDir},${lib}/*`;
    const site = (name: string, properties: Record<string, string>) =>
      writeFileSync(join(this.confDir, name), siteXml(properties));
    writeFileSync(join(this.confDir, 'log4j.properties'), LOG4J);
    site('yarn-site.xml', {
      'yarn.resourcemanager.hostname': '127.0.0.1',
      'yarn.resourcemanager.address': at(rm),
      'yarn.resourcemanager.scheduler.address': at(scheduler),
      'yarn.resourcemanager.resource-tracker.address': at(tracker),
      'yarn.resourcemanager.admin.address': at(admin),
      'yarn.resourcemanager.webapp.address': at(web),
      'yarn.nodemanager.hostname': '127.0.0.1',
      'yarn.nodemanager.address': at(nm),
      'yarn.nodemanager.localizer.address': at(localizer),
      'yarn.nodemanager.webapp.address': at(nmWeb),
      'mapreduce.shuffle.port': `${shuffle}`,
      'yarn.nodemanager.aux-services': 'mapreduce_shuffle',
      'yarn.nodemanager.local-dirs': join(dir, 'local'),
      'yarn.nodemanager.log-dirs': join(dir, 'logs'),
      'yarn.nodemanager.resource.memory-mb': '4096',
      'yarn.scheduler.minimum-allocation-mb': '256',
      'yarn.nodemanager.pmem-check-enabled': 'false',
      'yarn.nodemanager.vmem-check-enabled': 'false',
      'yarn.nodemanager.disk-health-checker.enable': 'false',
      'yarn.nodemanager.heartbeat.interval-ms': '100',
      'yarn.resourcemanager.nodemanagers.heartbeat-interval-ms': '100',
      'yarn.application.classpath': classPath,
    });
    site('mapred-site.xml', {
      'mapreduce.framework.name': 'yarn',
      'mapreduce.application.classpath': classPath,
      'yarn.app.mapreduce.am.staging-dir': '/tmp/staging',
      'yarn.app.mapreduce.am.env': `HADOOP_MAPRED_HOME=${dir}`,
      'mapreduce.map.env': `HADOOP_MAPRED_HOME=${dir}`,
      'mapreduce.reduce.env': `HADOOP_MAPRED_HOME=${dir}`,
      'yarn.app.mapreduce.am.resource.mb': '512',
      'yarn.app.mapreduce.am.command-opts': ['-Xmx256m', ...SMALL_JVM, ...ADD_OPENS].join(' '),
      'yarn.app.mapreduce.am.scheduler.heartbeat.interval-ms': '100',
      'mapreduce.map.memory.mb': '256',
      'mapreduce.reduce.memory.mb': '256',
      'mapreduce.map.java.opts': ['-Xmx128m', ...SMALL_JVM].join(' '),
      'mapreduce.reduce.java.opts': ['-Xmx128m', ...SMALL_JVM].join(' '),
      'mapreduce.task.io.sort.mb': '16',
      'mapreduce.client.progressmonitor.pollinterval': '100',
    });
    site('capacity-scheduler.xml', {
      'yarn.scheduler.capacity.root.queues': 'default',
      'yarn.scheduler.capacity.root.default.capacity': '100',
      'yarn.scheduler.capacity.maximum-am-resource-percent': '1',
    });
  }

  #java(name: string, main: string, args: readonly string[]): ConstructorParameters<typeof Child>[0] {
    return {
      name,
      command: 'java',
      args: [
        ...SMALL_JVM,
        ...ADD_OPENS,
        '-Xmx256m',
        `-Djava.io.tmpdir=${join(this.dir, 'tmp')}`,
        `-Dyarn.log.dir=${join(this.dir, 'logs')}`,
        '-cp',
        `${this.confDir}:${this.#lib}/*`,
        main,
        ...args,
      ],
      cwd: this.dir,
      env: {
        ...process.env,
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        HADOOP_CONF_DIR: this.confDir,
        HADOOP_USER_NAME: process.env['USER'] ?? 'root',
      },
    };
  }

  /** Starts both; resolves when a node is ready to run something. */
  async start(): Promise<void> {
    this.#daemons = [RESOURCE_MANAGER, NODE_MANAGER].map((main) => new Child(this.#java(main, main, [])));
    const look = async () => {
      const ended = this.#daemons.find((daemon) => !daemon.alive);
      if (ended) return ended;
      const answer = await fetch(`http://127.0.0.1:${this.#webPort}/ws/v1/cluster/metrics`);
      return (await answer.text()).includes('"activeNodes":1');
    };
    const result = await waitFor(look, { timeoutMs: 90_000, what: 'a ready YARN', everyMs: 100 });
    if (result instanceof Child) throw new Error(`${result.name} ended:\n${result.log().slice(-4000)}`);
  }

  /** Runs one of Hadoop's examples, as `hadoop jar hadoop-mapreduce-examples.jar ARGS` does. Throws when it fails. */
  async example(...args: string[]): Promise<Child> {
    const child = await runChild(this.#java(`example ${args.join(' ')}`, EXAMPLES, args), 180_000);
    if (child.code !== 0) throw new Error(`${child.name} failed (${child.code}):\n${child.log().slice(-6000)}`);
    return child;
  }

  /** Stops both. Idempotent. */
  async stop(): Promise<void> {
    // Not patiently: a NodeManager takes a minute, and what it started has ended with the job.
    await Promise.all(this.#daemons.map((daemon) => daemon.stop(1_000)));
  }
}

/** Starts a real YARN over the file system whose site files lie in `hadoopConf`. */
export async function startYarn(hadoopConf: string): Promise<Yarn> {
  const lib = await resolvePom('pig');
  const yarn = new Yarn(makeTempDir('sluice-yarn-'), lib, hadoopConf, await freePorts(9));
  try {
    await yarn.start();
  } catch (error) {
    await yarn.stop();
    throw error;
  }
  return yarn;
}
