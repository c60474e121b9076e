/**
 * The main job in small: plays a Sentry log into a file while an agent (conf/quickstart.properties) tails it into a
 * lake on the local disk, then compares what came out with what went in, and says what to try next.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const SAMPLE = join(ROOT, 'test', 'fixtures', 'sentry', 'sentry-web.log');
/** First the log grows as a busy Sentry's would, for so long ... */
const LIVE_MS = 3000;
const LIVE_PAUSE_MS = 20;
/** ... then this much comes at once, as after an outage: the rate is taken from it. */
const BURST_BYTES = 48 << 20;
const DEADLINE_MS = 50_000;
const STOP_MS = 40_000;

const dir = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
const lake = join(dir, 'lake');
let agent: ChildProcess | undefined;
let agentLog = '';

function leave(code: number, keepLake: boolean): never {
  agent?.kill('SIGKILL');
  rmSync(keepLake ? join(dir, 'logs') : dir, { recursive: true, force: true });
  process.exit(code);
}
process.once('SIGINT', () => leave(130, false));
process.once('SIGTERM', () => leave(143, false));
process.once('SIGHUP', () => leave(129, false));

function fail(message: string): never {
  console.error(`quickstart: ${message}\nThe agent said:\n${agentLog}`);
  leave(1, false);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

/** The counters of all components of a kind, or undefined while the agent does not answer yet. */
async function counter(port: number, kind: string, name: string): Promise<number | undefined> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
    const counters = (await reply.json()) as Record<string, Record<string, string>>;
    const values = Object.entries(counters).filter(([component]) => component.startsWith(`${kind}.`));
    return values.reduce((sum, [, one]) => sum + Number(one[name] ?? 0), 0);
  } catch {
    return undefined;
  }
}

function lakeFiles(): string[] {
  return globSync('**', { cwd: lake, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function lakeBytes(): number {
  let bytes = 0;
  for (const file of lakeFiles()) bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

async function until(what: string, condition: () => boolean | Promise<boolean>, deadline: number): Promise<void> {
  while (!(await condition())) {
    if (agent?.exitCode !== null) fail(`the agent ended (exit code ${agent?.exitCode}) before ${what}.`);
    if (performance.now() > deadline) fail(`waited in vain for ${what}.`);
    await sleep(10);
  }
}

const mib = (bytes: number) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
const count = (n: number) => n.toLocaleString('en-US').replaceAll(',', ' ');

const sample = readFileSync(SAMPLE);
const sampleLines = sample.toString('latin1').split('\n').length - 1;
const played = createHash('sha256');
let copies = 0;

/** Appends the sample to the log, `times` over. */
function play(fd: number, hash: Hash, times: number): void {
  const text = Buffer.concat(Array.from({ length: times }, () => sample));
  writeSync(fd, text);
  hash.update(text);
  copies += times;
}

const started = performance.now();
const deadline = started + DEADLINE_MS;
mkdirSync(join(dir, 'logs'));
mkdirSync(join(dir, 'state'));
mkdirSync(lake);
const log = await open(join(dir, 'logs', 'sentry-web.log'), 'a');
const port = await freePort();

console.log('1. Starting an agent:  sluice agent -n agent -f conf/quickstart.properties');
agent = spawn(
  process.execPath,
  [
    join(ROOT, 'dist', 'main.js'),
    'agent',
    ...['-n', 'agent', '-f', join(ROOT, 'conf', 'quickstart.properties'), '--state-dir', join(dir, 'state')],
    ...['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
  ],
  { env: { ...process.env, QUICKSTART: dir }, stdio: ['ignore', 'pipe', 'pipe'] },
);
const keep = (text: Buffer) => {
  agentLog = (agentLog + text).slice(-20_000);
};
agent.stdout?.on('data', keep);
agent.stderr?.on('data', keep);
const exited = once(agent, 'exit');
await until('the agent was up', async () => (await counter(port, 'SOURCE', 'StartTime')) !== undefined, deadline);

console.log(`2. Playing a Sentry log (${relative(ROOT, SAMPLE)}) into ${dir}/logs/sentry-web.log`);
for (const end = performance.now() + LIVE_MS; performance.now() < end; await sleep(LIVE_PAUSE_MS)) {
  play(log.fd, played, 10);
}
await until('the lake had every line', () => lakeBytes() === copies * sample.length, deadline);
const liveCopies = copies;
const burstStart = performance.now();
const perWrite = Math.ceil((1 << 20) / sample.length);
while ((copies - liveCopies) * sample.length < BURST_BYTES) play(log.fd, played, perWrite);
await until('the lake had every line', () => lakeBytes() === copies * sample.length, deadline);
const burstSeconds = (performance.now() - burstStart) / 1000;
await log.close();
const lines = copies * sampleLines;
let received = 0;
let delivered = 0;
// The bytes are in the lake a moment before the counters say so.
for (let tries = 0; tries < 100 && delivered !== lines; tries++) {
  received = (await counter(port, 'SOURCE', 'EventAcceptedCount')) ?? 0;
  delivered = (await counter(port, 'SINK', 'EventDrainSuccessCount')) ?? 0;
  await sleep(10);
}

console.log('3. Stopping the agent: it closes its files and gives them their names');
agent.kill('SIGTERM');
const stopTimer = setTimeout(() => fail('the agent did not stop.'), STOP_MS);
await exited;
clearTimeout(stopTimer);

const files = lakeFiles();
const found = createHash('sha256');
for (const file of files) for await (const chunk of createReadStream(file)) found.update(chunk);
const same = found.digest('hex') === played.digest('hex');
const burstLines = (copies - liveCopies) * sampleLines;
const burstBytes = (copies - liveCopies) * sample.length;
console.log(`
   went in     ${count(lines)} lines, ${mib(copies * sample.length)}
   came out    ${count(delivered)} events (${count(received)} read), ${mib(lakeBytes())} in ${files.length} files: ${
     same ? 'the same bytes in the same order' : 'NOT THE SAME'
   }
   lies in     ${lake}
   rate        ${count(Math.round(burstLines / burstSeconds))} lines/s, ${mib(burstBytes / burstSeconds)}/s (the log was written in the same time)
   took        ${((performance.now() - started) / 1000).toFixed(1)} s`);
if (!same || delivered !== lines) fail('what came out is not what went in.');
const unfinished = files.filter((file) => file.endsWith('.tmp'));
if (unfinished.length > 0) fail(`the agent left ${unfinished.length} files unfinished.`);

console.log(`
Try next:
   head ${files[0]}
   ./scripts/sluice check -n agent -f YOUR-flume-conf.properties    what Sluice makes of your configuration
   ./scripts/sluice agent -n agent -f YOUR-flume-conf.properties    run it
   ./scripts/sluice help                                            components and their options
   conf/ has an example for each use.  rm -r ${dir}  removes this one.`);
leave(0, true);
