import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, runChild } from '../../test/support/child.ts';
import { freePorts } from '../../test/support/free-port.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { resolvePom } from './maven.ts';

const JVM = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xmx256m',
  '-Dfile.encoding=UTF-8',
  // Without it every call of WebHDFS answers 500.
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
];
const NAMENODE = 'org.apache.hadoop.hdfs.server.namenode.NameNode';
const DATANODE = 'org.apache.hadoop.hdfs.server.datanode.DataNode';
const SHELL = 'org.apache.hadoop.fs.FsShell';
const ADMIN = 'org.apache.hadoop.hdfs.tools.DFSAdmin';

/** Options of the real HDFS. */
export type HdfsSpec = {
  /** Folder for its data and logs; default: a new temporary one. */
  dir?: string;
  /** Further properties of core-site.xml. */
  coreSite?: Record<string, string>;
  /** Further properties of hdfs-site.xml, winning over the defaults here (1 s heartbeat, 1 KiB smallest block, no safe-mode wait). */
  hdfsSite?: Record<string, string>;
};

/** The text of a site file of Hadoop or Hive. */
export function siteXml(properties: Record<string, string>): string {
  const quote = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const lines = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${name}</name><value>${quote(value)}</value></property>`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${lines.join('\n')}\n</configuration>\n`;
}

/** A `log4j.properties` that writes everything to standard error. */
export const LOG4J = `log4j.rootLogger=INFO,out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p %c{2} - %m%n
`;

/** A real NameNode and DataNode (Hadoop 3.4.2) on ports of the loopback interface. Every process ends with this one at the latest. */
export class Hdfs {
  readonly dir: string;
  /** Folder with core-site.xml and hdfs-site.xml, for `HADOOP_CONF_DIR`. */
  readonly confDir: string;
  /** The NameNode's port for native clients. */
  readonly rpcPort: number;
  /** The NameNode's HTTP port. */
  readonly httpPort: number;
  /** The DataNode's HTTP port. */
  readonly dataNodeHttpPort: number;
  /** `http://127.0.0.1:PORT/webhdfs/v1` */
  readonly webhdfs: string;
  /** The user that is superuser: the one this process runs as. */
  readonly user: string;
  nameNode: Child | undefined;
  dataNode: Child | undefined;
  #lib: string;

  constructor(dir: string, lib: string, ports: number[], spec: HdfsSpec) {
    const [rpc, http, data, dataHttp, dataIpc] = ports;
    this.dir = dir;
    this.#lib = lib;
    this.confDir = join(dir, 'conf');
    this.rpcPort = rpc;
    this.httpPort = http;
    this.dataNodeHttpPort = dataHttp;
    this.webhdfs = `http://127.0.0.1:${http}/webhdfs/v1`;
    this.user = process.env['USER'] ?? 'root';
    // The jars hold no web pages, and without these folders the daemons end.
    for (const folder of ['conf/webapps/hdfs', 'conf/webapps/datanode', 'tmp', 'name', 'data']) {
      mkdirSync(join(dir, folder), { recursive: true });
    }
    writeFileSync(join(this.confDir, 'log4j.properties'), LOG4J);
    writeFileSync(
      join(this.confDir, 'core-site.xml'),
      siteXml({
        'fs.defaultFS': `hdfs://127.0.0.1:${rpc}`,
        'hadoop.tmp.dir': join(dir, 'tmp'),
        'hadoop.http.staticuser.user': this.user,
        ...spec.coreSite,
      }),
    );
    writeFileSync(
      join(this.confDir, 'hdfs-site.xml'),
      siteXml({
        'dfs.namenode.rpc-address': `127.0.0.1:${rpc}`,
        'dfs.namenode.http-address': `127.0.0.1:${http}`,
        'dfs.datanode.address': `127.0.0.1:${data}`,
        'dfs.datanode.http.address': `127.0.0.1:${dataHttp}`,
        'dfs.datanode.ipc.address': `127.0.0.1:${dataIpc}`,
        'dfs.datanode.hostname': '127.0.0.1',
        'dfs.namenode.name.dir': `file://${join(dir, 'name')}`,
        'dfs.datanode.data.dir': `file://${join(dir, 'data')}`,
        'dfs.replication': '1',
        'dfs.permissions.enabled': 'true',
        'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
        'dfs.namenode.fs-limits.min-block-size': '1024',
        'dfs.namenode.safemode.extension': '0',
        'dfs.namenode.safemode.min.datanodes': '1',
        'dfs.heartbeat.interval': '1',
        'dfs.namenode.heartbeat.recheck-interval': '2000',
        'dfs.namenode.stale.datanode.interval': '10000',
        ...spec.hdfsSite,
      }),
    );
  }

  #java(name: string, main: string, args: readonly string[]): ConstructorParameters<typeof Child>[0] {
    return {
      name,
      command: 'java',
      args: [
        ...JVM,
        `-Djava.io.tmpdir=${join(this.dir, 'tmp')}`,
        '-cp',
        `${this.confDir}:${this.#lib}/*`,
        main,
        ...args,
      ],
      cwd: this.dir,
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8', HADOOP_CONF_DIR: this.confDir, HADOOP_USER_NAME: this.user },
    };
  }

  /** Makes the empty file system; once, before the first start. */
  async format(): Promise<void> {
    const child = await runChild(this.#java('format', NAMENODE, ['-format', '-nonInteractive']));
    if (child.code !== 0) throw new Error(`the NameNode could not be formatted:\n${child.log().slice(-3000)}`);
  }

  /** Starts the NameNode; resolves when it answers (it may still be in safe mode). */
  async startNameNode(): Promise<void> {
    this.nameNode = new Child(this.#java('NameNode', NAMENODE, []));
    await this.#until('the NameNode', () => this.#bean('NameNodeInfo').then((bean) => bean !== undefined));
  }

  /** Starts the DataNode; resolves when the NameNode counts it alive and has left safe mode. */
  async startDataNode(): Promise<void> {
    this.dataNode = new Child(this.#java('DataNode', DATANODE, []));
    await this.waitUntilReady();
  }

  /** Resolves when a DataNode is alive and the NameNode takes writes. */
  async waitUntilReady(): Promise<void> {
    await this.#until('a ready HDFS', async () => {
      const state = await this.#bean('FSNamesystemState');
      const info = await this.#bean('NameNodeInfo');
      return Number(state?.['NumLiveDataNodes']) >= 1 && info?.['Safemode'] === '';
    });
  }

  /** Stops the NameNode: SIGTERM, or SIGKILL with `hard`. */
  async stopNameNode(hard = false): Promise<void> {
    await (hard ? this.nameNode?.kill() : this.nameNode?.stop());
  }

  /** Stops the DataNode: SIGTERM, or SIGKILL with `hard`. The NameNode notices a killed one after 14 s. */
  async stopDataNode(hard = false): Promise<void> {
    await (hard ? this.dataNode?.kill() : this.dataNode?.stop());
  }

  /** `hdfs dfs ARGS`, such as `-text`, `-cat`, `-ls -R /`. Starting the JVM takes about a second. */
  async shell(...args: string[]): Promise<Child> {
    return await runChild(this.#java(`hdfs dfs ${args.join(' ')}`, SHELL, args));
  }

  /** `hdfs dfsadmin ARGS`. */
  async admin(...args: string[]): Promise<Child> {
    return await runChild(this.#java(`hdfs dfsadmin ${args.join(' ')}`, ADMIN, args));
  }

  /** Enters or leaves safe mode, in which no write is taken. */
  async safeMode(on: boolean): Promise<void> {
    const child = await this.admin('-safemode', on ? 'enter' : 'leave');
    if (child.code !== 0) throw new Error(`dfsadmin -safemode failed:\n${child.log()}`);
  }

  /** One WebHDFS call without a body, following redirects; resolves with the answer. */
  async call(method: string, path: string, op: string, parameters: Record<string, string> = {}): Promise<Response> {
    const query = new URLSearchParams({ op, 'user.name': this.user, ...parameters });
    return await fetch(`${this.webhdfs}${encodeURI(path)}?${query}`, { method });
  }

  /** The bytes of a file. */
  async read(path: string): Promise<Buffer> {
    const response = await this.call('GET', path, 'OPEN');
    if (!response.ok) throw new Error(`OPEN ${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The files below `path`, with their lengths; empty when there is no such folder. */
  async list(path: string): Promise<Map<string, number>> {
    const files = new Map<string, number>();
    const response = await this.call('GET', path, 'LISTSTATUS');
    if (response.status === 404) return files;
    type Listing = { FileStatuses: { FileStatus: { pathSuffix: string; type: string; length: number }[] } };
    const listing = (await response.json()) as Listing;
    for (const status of listing.FileStatuses.FileStatus) {
      const child = `${path === '/' ? '' : path}/${status.pathSuffix}`;
      if (status.type === 'DIRECTORY') for (const [name, length] of await this.list(child)) files.set(name, length);
      else files.set(child, status.length);
    }
    return files;
  }

  /** Stops both. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([this.dataNode?.kill(), this.nameNode?.kill()]);
  }

  async #bean(name: string): Promise<Record<string, unknown> | undefined> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/jmx?qry=Hadoop:service=NameNode,name=${name}`);
    const text = (await response.json()) as { beans: Record<string, unknown>[] };
    return text.beans[0];
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const look = async () => {
      for (const node of [this.nameNode, this.dataNode]) {
        if (node && !node.alive && node.code !== 143 && node.code !== 137) return node;
      }
      return condition();
    };
    const result = await waitFor(look, { timeoutMs: 90_000, what, everyMs: 50 });
    if (result instanceof Child) throw new Error(`${result.name} ended:\n${result.log().slice(-4000)}`);
  }
}

/** Starts a real HDFS (some 5 s) and resolves when it takes writes. */
export async function startHdfs(spec: HdfsSpec = {}): Promise<Hdfs> {
  const lib = await resolvePom('hadoop');
  const hdfs = new Hdfs(spec.dir ?? makeTempDir('sluice-hdfs-'), lib, await freePorts(5), spec);
  try {
    await hdfs.format();
    await hdfs.startNameNode();
    await hdfs.startDataNode();
  } catch (error) {
    await hdfs.stop();
    throw error;
  }
  return hdfs;
}

/** What Hadoop's own shell reads (`-text`) from local files: SequenceFiles, Avro containers and every codec by suffix. */
export async function hadoopText(files: readonly string[]): Promise<string> {
  const lib = await resolvePom('hadoop');
  const conf = makeTempDir('sluice-hadoop-');
  writeFileSync(join(conf, 'core-site.xml'), siteXml({}));
  writeFileSync(join(conf, 'log4j.properties'), LOG4J.replace('INFO', 'ERROR'));
  const child = await runChild({
    name: 'hadoop fs -text',
    command: 'java',
    args: [...JVM, '-cp', `${conf}:${lib}/*`, SHELL, '-text', ...files.map((file) => `file://${file}`)],
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
  });
  if (child.code !== 0) throw new Error(`hadoop fs -text failed (${child.code}):\n${child.stderr.slice(-3000)}`);
  return child.stdout;
}

if (import.meta.main) {
  // node scripts/peers/hdfs.ts [CONF DIR]: a real HDFS until it is interrupted; its site files are copied to CONF DIR.
  const hdfs = await startHdfs();
  const target = process.argv[2];
  if (target !== undefined) cpSync(hdfs.confDir, target, { recursive: true });
  console.log(`webhdfs://127.0.0.1:${hdfs.httpPort}  (${hdfs.webhdfs})\nhdfs://127.0.0.1:${hdfs.rpcPort}`);
  console.log(`HADOOP_CONF_DIR=${target ?? hdfs.confDir}`);
  process.on('SIGINT', () => hdfs.stop());
  await Promise.all([hdfs.nameNode?.exited, hdfs.dataNode?.exited]);
}
