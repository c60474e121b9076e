import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, runChild } from '../../test/support/child.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { cacheDir, resolvePom } from './maven.ts';

/** A real Flume 1.11.0 agent to start; exactly one of `conf` and `file`. */
export type FlumeSpec = {
  /** The text of the configuration (written as ISO-8859-1 into `dir`). */
  conf?: string;
  /** A configuration file. */
  file?: string;
  /** Agent name; default `a`. */
  name?: string;
  /** Working folder, also `${env:DIR}`; default: a new temporary one. */
  dir?: string;
  /** Further variables of the environment, for `${env:…}`. */
  env?: Record<string, string>;
  /** Further flags of the JVM, such as `-Dgreeting=hello`. */
  jvmArgs?: readonly string[];
  /** Heap, default `-Xmx256m`. */
  heap?: string;
  /** Further arguments of the agent. */
  args?: readonly string[];
  /**
   * The line that shows it is ready; default: any started source. An agent that failed to start exits 0, one whose
   * configuration was emptied stays alive and idle, so wait for the very component that is needed.
   */
  ready?: RegExp;
  readyTimeoutMs?: number;
  /** Port for the JSON counters; default: none are served. */
  metricsPort?: number;
};

const LOG4J = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders>
    <Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %-5p [%t] %c{1} - %m%n%throwable"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="org.apache.hadoop" level="WARN"/>
    <Logger name="org.apache.kafka" level="WARN"/>
    <Logger name="org.eclipse.jetty" level="WARN"/>
    <Root level="INFO"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
`;

/** Flags that make a JVM start fast and behave the same everywhere. */
export const SMALL_JVM = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Dfile.encoding=UTF-8',
  '-Duser.language=en',
  '-Duser.country=US',
];

/** The class path of the real Flume, its log configuration first; fetches it when it is not there. */
export async function flumeClassPath(): Promise<string> {
  const lib = await resolvePom('flume');
  const conf = join(cacheDir(), 'peers', 'flume-conf');
  const file = join(conf, 'log4j2.xml');
  if (!existsSync(file)) {
    mkdirSync(conf, { recursive: true });
    writeFileSync(file, LOG4J);
  }
  return `${conf}:${lib}/*`;
}

/**
 * Starts a real Flume agent and waits until it is ready. SIGTERM ends it with 143 (4 s with an avro source); an hdfs
 * sink whose NameNode is away can hang then, so `stop` has a deadline.
 */
export async function startFlume(spec: FlumeSpec): Promise<Child> {
  const dir = spec.dir ?? makeTempDir('sluice-flume-');
  mkdirSync(dir, { recursive: true });
  let file = spec.file;
  if (spec.conf !== undefined) {
    file = join(dir, 'flume.conf');
    writeFileSync(file, spec.conf, 'latin1');
  }
  if (file === undefined) throw new Error('startFlume needs conf or file');
  const metrics =
    spec.metricsPort === undefined
      ? []
      : ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${spec.metricsPort}`];
  const child = new Child({
    name: `flume ${spec.name ?? 'a'}`,
    command: 'java',
    args: [
      ...SMALL_JVM,
      spec.heap ?? '-Xmx256m',
      ...metrics,
      ...(spec.jvmArgs ?? []),
      '-cp',
      await flumeClassPath(),
      'org.apache.flume.node.Application',
      '-n',
      spec.name ?? 'a',
      '-f',
      file,
      '--no-reload-conf',
      ...(spec.args ?? []),
    ],
    cwd: dir,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8', DIR: dir, ...spec.env },
  });
  try {
    await child.waitForLog(
      spec.ready ?? /Component type: SOURCE, name: \S+ started|Avro source \S+ started/,
      spec.readyTimeoutMs ?? 60_000,
    );
  } catch (error) {
    await child.kill();
    throw error;
  }
  return child;
}

/** Runs Flume's own command line client (`-H HOST -p PORT [-F FILE] [-R HEADERS] [--dirname DIR]`) to its end; it exits 0 also after an error. */
export async function avroClient(args: readonly string[], stdin?: Uint8Array | string): Promise<Child> {
  return await runChild({
    name: 'flume avro-client',
    command: 'java',
    args: [
      ...SMALL_JVM,
      '-Xmx128m',
      '-cp',
      await flumeClassPath(),
      'org.apache.flume.client.avro.AvroCLIClient',
      ...args,
    ],
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    stdin,
  });
}

/** A self-signed key of `localhost` and 127.0.0.1 as a Java key store, and a trust store that holds it; password `changeit`. */
export async function makeKeyStores(
  dir: string,
  options: { keystore?: string; truststore?: string; type?: string } = {},
): Promise<{ keystore: string; truststore: string; pem: string }> {
  const type = options.type ?? 'JKS';
  const keystore = join(dir, options.keystore ?? 'server.jks');
  const truststore = join(dir, options.truststore ?? 'trust.jks');
  const pem = join(dir, 'server.pem');
  const pass = ['-storetype', type, '-storepass', 'changeit'];
  const keytool = async (...args: string[]) => {
    const child = await runChild({ command: 'keytool', args });
    if (child.code !== 0) throw new Error(`keytool failed: ${child.log()}`);
  };
  const subject = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost,ip:127.0.0.1', '-validity', '3650'];
  const key = ['-genkeypair', '-keyalg', 'RSA', '-alias', 's', '-keypass', 'changeit'];
  await keytool(...key, ...subject, '-keystore', keystore, ...pass);
  await keytool('-exportcert', '-rfc', '-alias', 's', '-file', pem, '-keystore', keystore, ...pass);
  await keytool('-importcert', '-noprompt', '-alias', 's', '-file', pem, '-keystore', truststore, ...pass);
  return { keystore, truststore, pem };
}

if (import.meta.main) {
  // node scripts/peers/flume.ts NAME FILE: runs a real agent until it is interrupted.
  const [name, file, ...jvmArgs] = process.argv.slice(2);
  if (name === undefined || file === undefined) {
    console.error('usage: flume.ts NAME FILE [JVM FLAG…]');
    process.exit(64);
  }
  const agent = await startFlume({ name, file, jvmArgs, dir: process.cwd() });
  console.log(agent.log());
  process.on('SIGINT', () => agent.signal('SIGTERM'));
  process.exitCode = await agent.exited;
}
