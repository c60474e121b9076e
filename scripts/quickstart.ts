/**
 * The main job in small: plays a Sentry log into a file while an agent (conf/quickstart.properties) tails it into a
 * lake on the local disk, then compares what came out with what went in. Then the second act (quickstart-sentry.ts):
 * an application that reports to a DSN, and a report over what it sent. Says what to try next.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesBelow, count, filesBelow, freePort, mib, QuickstartAgent, ROOT } from './quickstart-agent.ts';
import { missingPackages, playSentry } from './quickstart-sentry.ts';

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
let agent: QuickstartAgent | undefined;

function leave(code: number, keepLake: boolean): never {
  agent?.kill('SIGKILL');
  for (const part of keepLake ? ['logs', 'state', 'sentry-state'] : ['']) {
    rmSync(join(dir, part), { recursive: true, force: true });
  }
  process.exit(code);
}
process.once('SIGINT', () => leave(130, false));
process.once('SIGTERM', () => leave(143, false));
process.once('SIGHUP', () => leave(129, false));

function fail(message: string): never {
  console.error(`quickstart: ${message}\nThe agent said:\n${agent?.log}`);
  leave(1, false);
}

async function until(what: string, condition: () => boolean | Promise<boolean>, deadline: number): Promise<void> {
  while (!(await condition())) {
    if (agent?.exitCode !== null) fail(`the agent ended (exit code ${agent?.exitCode}) before ${what}.`);
    if (performance.now() > deadline) fail(`waited in vain for ${what}.`);
    await sleep(10);
  }
}

/** Stops an agent in good order: it delivers what it has, closes its files and gives them their names. */
async function stop(which: QuickstartAgent): Promise<void> {
  which.kill('SIGTERM');
  const timer = setTimeout(() => fail('the agent did not stop.'), STOP_MS);
  await which.exited;
  clearTimeout(timer);
}

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
const tail = new QuickstartAgent('quickstart.properties', join(dir, 'state'), port, { QUICKSTART: dir });
agent = tail;
await until('the agent was up', async () => (await tail.counter('SOURCE', 'StartTime')) !== undefined, deadline);

console.log(`2. Playing a Sentry log (${relative(ROOT, SAMPLE)}) into ${dir}/logs/sentry-web.log`);
for (const end = performance.now() + LIVE_MS; performance.now() < end; await sleep(LIVE_PAUSE_MS)) {
  play(log.fd, played, 10);
}
await until('the lake had every line', () => bytesBelow(lake) === copies * sample.length, deadline);
const liveCopies = copies;
const burstStart = performance.now();
const perWrite = Math.ceil((1 << 20) / sample.length);
while ((copies - liveCopies) * sample.length < BURST_BYTES) play(log.fd, played, perWrite);
await until('the lake had every line', () => bytesBelow(lake) === copies * sample.length, deadline);
const burstSeconds = (performance.now() - burstStart) / 1000;
await log.close();
const lines = copies * sampleLines;
let received = 0;
let delivered = 0;
// The bytes are in the lake a moment before the counters say so.
for (let tries = 0; tries < 100 && delivered !== lines; tries++) {
  received = (await tail.counter('SOURCE', 'EventAcceptedCount')) ?? 0;
  delivered = (await tail.counter('SINK', 'EventDrainSuccessCount')) ?? 0;
  await sleep(10);
}

console.log('3. Stopping the agent: it closes its files and gives them their names');
await stop(tail);

const files = filesBelow(lake);
const found = createHash('sha256');
for (const file of files) for await (const chunk of createReadStream(file)) found.update(chunk);
const same = found.digest('hex') === played.digest('hex');
const burstLines = (copies - liveCopies) * sampleLines;
const burstBytes = (copies - liveCopies) * sample.length;
console.log(`
   went in     ${count(lines)} lines, ${mib(copies * sample.length)}
   came out    ${count(delivered)} events (${count(received)} read), ${mib(bytesBelow(lake))} in ${files.length} files: ${
     same ? 'the same bytes in the same order' : 'NOT THE SAME'
   }
   lies in     ${lake}
   rate        ${count(Math.round(burstLines / burstSeconds))} lines/s, ${mib(burstBytes / burstSeconds)}/s (the log was written in the same time)
   took        ${((performance.now() - started) / 1000).toFixed(1)} s`);
if (!same || delivered !== lines) fail('what came out is not what went in.');
const unfinished = files.filter((file) => file.endsWith('.tmp'));
if (unfinished.length > 0) fail(`the agent left ${unfinished.length} files unfinished.`);

const missing = missingPackages();
console.log('');
if (missing.length > 0) console.log(`The second act is left out: it wants ${missing.join(' and ')} (npm install).`);
else {
  const secondDeadline = performance.now() + DEADLINE_MS;
  await playSentry({
    dir,
    onStart: (started) => {
      agent = started;
    },
    until: (what, condition) => until(what, condition, secondDeadline),
    stop,
    fail,
  });
}

console.log(`
Try next:
   head ${files[0]}
   ./scripts/sluice check -n agent -f YOUR-flume-conf.properties    what Sluice makes of your configuration
   ./scripts/sluice agent -n agent -f YOUR-flume-conf.properties    run it
   SLUICE_LAKE=file:///tmp/lake ./scripts/sluice agent -n agent -f conf/sentry-to-lake.properties    a DSN of your own
   ./scripts/sluice help                                            components and their options
   conf/ has an example for each use.  rm -r ${dir}  removes this one.`);
leave(0, true);
