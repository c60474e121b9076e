/**
 * `npm run bench [-- --peer] [--lines N] [--only WORD] [--json FILE]`: runs whole agents over the same lines and prints events and bytes a
 * second, CPU time and peak memory; `--only idle` (or start, latency, busy) what many files cost, `--only sentry-envelopes` (or sentry-rows, sentry-lines) what
 * Sentry's data does. `--peer` runs the real Flume 1.11, tuned, on the same input in the same run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { flumeClassPath } from '../../scripts/peers/flume.ts';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { cacheDir } from '../../scripts/peers/maven.ts';
import { Child } from '../support/child.ts';
import { freePorts } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { type BenchCase, CASES } from './cases.ts';
import { type BenchData, sentryLines, shortLines } from './data.ts';
import { MANY_FILES, manyFiles } from './many-files.ts';
import { type Usage, usageOf, waitForCounter } from './measure.ts';

interface Row {
  readonly case: string;
  readonly data: string;
  readonly program: 'sluice' | 'flume';
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly mbPerSecond: number;
  readonly cpuSeconds: number;
  /** Of each process. */
  readonly peakRssMb: readonly number[];
}

const { values: args } = parseArgs({
  options: {
    peer: { type: 'boolean', default: false },
    lines: { type: 'string', default: '2000000' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});

/** What users run: the sources cost 28 MB more for the stripping of types. */
const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Longer than any case takes, tuned Flume included. */
const TIMEOUT_MS = 300_000;
const READY = /Component type: SOURCE, name: r started|Avro source r started/;

async function startAgent(
  program: Row['program'],
  name: string,
  conf: string,
  dir: string,
  port: number,
): Promise<Child> {
  const args = ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`];
  if (program === 'sluice')
    return startSluice({
      main: BUILT,
      // As the first line of the program has it: the events lie outside of the heap, so a small nursery does; 15 MB less.
      nodeArgs: ['--max-semi-space-size=2'],
      name,
      conf,
      dir: join(dir, name),
      args: [...args, '--drain-timeout', '0'],
      ready: READY,
    });
  const file = join(dir, `${name}.conf`);
  writeFileSync(file, conf);
  const child = new Child({
    name: `flume ${name}`,
    command: 'java',
    args: [
      '-Xmx1g',
      ...args,
      '-cp',
      await flumeClassPath(),
      'org.apache.flume.node.Application',
      '-n',
      name,
      '-f',
      file,
    ],
    cwd: dir,
  });
  await child.waitForLog(READY, 60_000);
  return child;
}

async function runCase(
  bench: BenchCase,
  data: BenchData,
  program: Row['program'],
  hdfs: Hdfs | undefined,
): Promise<Row> {
  const dir = makeTempDir('sluice-bench-');
  mkdirSync(join(dir, 'out'));
  const [port, metricsA, metricsB] = (await freePorts(3)) as [number, number, number];
  const conf = bench.conf({ dir, data, port, webhdfs: hdfs && `webhdfs://127.0.0.1:${hdfs.httpPort}` });
  const agents: Child[] = [];
  try {
    const b = conf.b === undefined ? undefined : await startAgent(program, 'b', conf.b, dir, metricsB);
    if (b !== undefined) agents.push(b);
    const before = b === undefined ? 0 : usageOf(b.pid).cpuSeconds;
    const a = await startAgent(program, 'a', conf.a, dir, metricsA);
    agents.push(a);
    const started = performance.now();
    const cpu = usageOf(a.pid).cpuSeconds;
    const [last, lastPort] = b === undefined ? [a, metricsA] : [b, metricsB];
    await waitForCounter(last, lastPort, 'CHANNEL.c', 'EventTakeSuccessCount', data.lines, TIMEOUT_MS);
    const seconds = (performance.now() - started) / 1000;
    const usage: Usage[] = agents.map((agent) => usageOf(agent.pid));
    return {
      case: bench.name,
      data: data.name,
      program,
      events: data.lines,
      seconds,
      eventsPerSecond: data.lines / seconds,
      mbPerSecond: data.bytes / seconds / 1e6,
      cpuSeconds: usage.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, -before - cpu),
      peakRssMb: usage.map(({ peakRssMb }) => peakRssMb),
    };
  } finally {
    for (const agent of agents) await agent.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

function print(row: Row, against: Row | undefined): void {
  const ratio =
    against === undefined ? '' : `  ${(against.eventsPerSecond / row.eventsPerSecond).toFixed(1)}x faster than Flume`;
  process.stdout.write(
    `${row.program.padEnd(7)}${row.case.padEnd(46)}${row.data.padEnd(12)}${Math.round(row.eventsPerSecond).toLocaleString('en').padStart(12)} ev/s${row.mbPerSecond.toFixed(0).padStart(6)} MB/s${row.cpuSeconds.toFixed(1).padStart(7)} CPU s  ${row.peakRssMb.map((rss) => rss.toFixed(0)).join(' + ')} MB peak${ratio}\n`,
  );
}

/** Scripts of their own, by their names: what is measured there is not lines through an agent. */
const SENTRY: Readonly<Record<string, readonly string[]>> = {
  'sentry-envelopes': ['--main', BUILT],
  'sentry-rows': [],
  'sentry-lines': [],
};

async function runScript(name: string): Promise<void> {
  const script = join(import.meta.dirname, `${name}.ts`);
  const child = spawn(process.execPath, [script, ...(SENTRY[name] ?? [])], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

if (args.only !== undefined && args.only in SENTRY) {
  await runScript(args.only);
  process.exit();
}
if (args.only !== undefined && MANY_FILES.some((name) => name === args.only)) {
  await manyFiles(args.only, BUILT);
  process.exit();
}
const lines = Number(args.lines);
const rows: Row[] = [];
let hdfs: Hdfs | undefined;
try {
  // Of the short ones more, else all is over before it can be measured.
  for (const data of [sentryLines(lines), shortLines(5 * lines)]) {
    for (const bench of CASES) {
      if (args.only !== undefined && !`${bench.name} ${data.name}`.includes(args.only)) continue;
      if (bench.needsHdfs) hdfs ??= await startHdfs();
      const ours = await runCase(bench, data, 'sluice', bench.needsHdfs ? hdfs : undefined);
      print(ours, undefined);
      rows.push(ours);
      if (!args.peer || !bench.peer || (bench.slowPeer && data.name !== 'sentry-320')) continue;
      const theirs = await runCase(bench, data, 'flume', bench.needsHdfs ? hdfs : undefined);
      print(theirs, ours);
      rows.push(theirs);
    }
  }
} finally {
  await hdfs?.stop();
}
if (args.only === undefined) for (const name of Object.keys(SENTRY)) await runScript(name);
const file = args.json ?? join(cacheDir(), 'bench', 'results.json');
writeFileSync(file, `${JSON.stringify({ node: process.version, rows }, undefined, 2)}\n`);
process.stdout.write(`Written to ${file}\n`);
process.exit();
