import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SourceOutput } from '../../src/component/source.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { taildirSource } from '../../src/sources/taildir/index.ts';
import { SourceRun } from '../sources/harness.ts';
import { Child } from '../support/child.ts';
import { MAIN } from '../support/run-sluice.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { usageOf } from './measure.ts';

/*
 * Many files: what 10,000 idle ones cost, how long a start with 100,000 takes under a limit of 1,024 descriptors, how soon lines of 1,000 and
 * 10,000 files are handed on, and whether one busy file keeps quiet ones waiting.
 * `npm run bench -- --only idle` (or another of the names), or, from the sources, `node test/bench/many-files.ts [--only idle|start|latency|busy] [--main FILE]`
 */

const IDLE_SECONDS = 60;
const LATENCY_SECONDS = 10;
const WRITER = fileURLToPath(new URL('./many-files-writer.ts', import.meta.url));

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

function makeFiles(dir: string, count: number, text: string): void {
  mkdirSync(dir, { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(dir, `app-${i}.log`), text);
}

function conf(dir: string): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = TAILDIR
a.sources.r.channels = c
a.sources.r.filegroups = f
a.sources.r.filegroups.f = ${dir}/logs/.*\\\\.log
a.sources.r.positionFile = ${dir}/positions.json
a.channels.c.type = memory
a.channels.c.capacity = 10000
a.channels.c.transactionCapacity = 1000
a.sinks.k.type = null
a.sinks.k.channel = c
`;
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return Number(kb) / 1024;
}

/** A whole agent over files that rest: its start, what it costs then, and its second start with all positions known. */
async function rest(count: number, text: string, main: string): Promise<void> {
  const dir = makeTempDir('sluice-bench-');
  try {
    makeFiles(join(dir, 'logs'), count, text);
    writeFileSync(join(dir, 'a.conf'), conf(dir));
    for (const life of ['first start', 'second start']) {
      const started = performance.now();
      const child = new Child({
        name: 'sluice a',
        command: 'sh',
        args: [
          '-c',
          `ulimit -n 1024; exec ${process.execPath} --max-semi-space-size=2 ${main} agent -n a -f a.conf --state-dir ${dir}/state`,
        ],
        cwd: dir,
      });
      await child.waitForLog(/Component type: SOURCE, name: r started/, 120_000);
      const ready = performance.now() - started;
      // Until all that is there is read.
      let quiet = 0;
      for (let last = usageOf(child.pid).cpuSeconds; quiet < 3; ) {
        await sleep(1000);
        const { cpuSeconds } = usageOf(child.pid);
        quiet = cpuSeconds - last < 0.1 ? quiet + 1 : 0;
        last = cpuSeconds;
      }
      const before = usageOf(child.pid);
      await sleep(IDLE_SECONDS * 1000);
      const after = usageOf(child.pid);
      const open = readdirSync(`/proc/${child.pid}/fd`).length;
      console.log(
        `${count} files of ${text.length} bytes, ${life}: ready after ${(ready / 1000).toFixed(1)} s, ${before.cpuSeconds.toFixed(1)} CPU s until it rests; at rest ${(((after.cpuSeconds - before.cpuSeconds) / IDLE_SECONDS) * 100).toFixed(2)} % of a core, ${open} descriptors, ${residentMb(child.pid).toFixed(0)} MB (peak ${after.peakRssMb.toFixed(0)})`,
      );
      await child.stop(30_000);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Takes lines that begin with the time of their writing, in milliseconds, and keeps how late they are. */
class LatencyOutput implements SourceOutput {
  readonly late: number[] = [];
  readonly #rate: number;
  /** @param rate bytes a millisecond that can be taken */
  constructor(rate: number) {
    this.#rate = rate;
  }
  async emit(batch: EventBatch): Promise<Receipt> {
    const time = now();
    for (let row = 0; row < batch.length; row++) {
      const line = batch.bodyOf(row);
      if (line[0] === 0x40) this.late.push(time - Number(line.toString('latin1', 1)));
    }
    const receipt = new Receipt(batch.length);
    const leg = receipt.leg('c');
    receipt.seal();
    leg.settle(0, batch.length);
    const wait = batch.retainedBytes / this.#rate;
    if (wait > 1) await sleep(wait);
    return receipt;
  }
  ready(): void {}
}

function report(what: string, late: number[], cpu: number): void {
  late.sort((a, b) => a - b);
  const at = (part: number) => late[Math.min(late.length - 1, Math.floor(late.length * part))]?.toFixed(1) ?? '-';
  console.log(
    `${what}: ${late.length} lines, latency p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; ${((cpu / LATENCY_SECONDS) * 100).toFixed(0)} % of a core`,
  );
}

/** Lines to random files, by another process. */
async function latency(what: string, files: number, perSecond: number, busy: boolean, rate = Infinity): Promise<void> {
  const dir = makeTempDir('sluice-bench-');
  const logs = join(dir, 'logs');
  let writer: ChildProcess | undefined;
  let noise: ChildProcess | undefined;
  const run = new SourceRun(taildirSource, {
    filegroups: 'f',
    'filegroups.f': `${logs}/.*\\.log`,
    positionFile: join(dir, 'positions.json'),
  });
  const stop = new AbortController();
  try {
    makeFiles(logs, files, 'x\n');
    const out = new LatencyOutput(rate);
    const running = run.source.run(out, stop.signal);
    await sleep(2000);
    if (busy) noise = spawn('sh', ['-c', `exec yes "$(head -c 300 /dev/zero | tr '\\0' x)" > ${logs}/busy.log`]);
    const cpu = process.cpuUsage();
    writer = spawn(process.execPath, [WRITER, logs, String(files), String(perSecond), String(LATENCY_SECONDS)]);
    await new Promise((resolve) => writer?.once('exit', resolve));
    await sleep(500);
    noise?.kill();
    const used = process.cpuUsage(cpu);
    stop.abort();
    await running;
    report(what, out.late, (used.user + used.system) / 1e6);
  } finally {
    stop.abort();
    noise?.kill();
    writer?.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What can be measured. */
export const MANY_FILES = ['idle', 'start', 'latency', 'busy'];

/** All rows, or those of a name. */
export async function manyFiles(only: string | undefined, main: string): Promise<void> {
  const wants = (name: string) => only === undefined || name.includes(only);
  if (wants('idle')) await rest(10_000, 'a line\n', main);
  if (wants('start')) await rest(100_000, '', main);
  if (wants('start')) await rest(100_000, 'a line\n', main);
  if (wants('latency')) {
    await latency('1,000 files, 500 lines/s', 1000, 500, false);
    await latency('10,000 files, 500 lines/s', 10_000, 500, false);
    await latency('10,000 files, 5,000 lines/s', 10_000, 5000, false);
  }
  if (wants('busy')) {
    await latency('50 quiet files beside a busy one', 50, 250, true);
    await latency('the same, 20 MB/s are taken', 50, 250, true, 20_000);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { only: { type: 'string' }, main: { type: 'string', default: MAIN } } });
  await manyFiles(values.only, values.main);
  process.exit();
}
