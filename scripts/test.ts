/**
 * Runs the parts of the test suite as mocha runs of their own, two at a time, and adds up what they report.
 * The starter `scripts/test` installs what `--needs` names first.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, globSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftovers } from './leftovers.ts';

const ROOT = join(import.meta.dirname, '..');
/** How long a part that is over its time may take to end what it started, before it is ended by force. */
const KILL_AFTER_MS = 5000;
const MINUTE_MS = 60_000;
/** Multiplies the deadlines of the parts. */
const PATIENCE = Number(process.env['SLUICE_TEST_PATIENCE'] || 1);

type Part = {
  /** As in `--NAME`. */
  name: string;
  about: string;
  /** The files of the part, told by their path; a file belongs to the first part that wants it. */
  wants: (file: string) => boolean;
  /** What the machine must have, as COMMAND:DEBIAN-PACKAGE. */
  needs: readonly string[];
  /** A part that takes longer is ended and has failed. Several times what it takes on two quiet cores. */
  minutes: number;
  /** Needs root; started through sudo where we are not. */
  root?: boolean;
};

const TOOLS = [
  'openssl:openssl',
  'logrotate:logrotate',
  'faketime:faketime',
  'bzip2:bzip2',
  'zstd:zstd',
  'lz4:lz4',
  'python3:python3',
  'systemd-notify:systemd',
  'systemd-analyze:systemd',
  'git:git',
  'curl:curl',
];
/** Spark comes in a Python package. */
const SPARK = ['pip3:python3-pip', 'tar:tar'];
const JAVA = ['java:openjdk-17-jdk-headless', 'keytool:openjdk-17-jdk-headless', 'mvn:maven'];
const CONTAINERS = [
  'buildah:buildah',
  'podman:podman',
  'runc:runc',
  'mmdebstrap:mmdebstrap',
  'systemd-nspawn:systemd-container',
];

const PARTS: readonly Part[] = [
  {
    name: 'system',
    about: 'the image in podman, the unit under a real systemd',
    wants: (file) => file.endsWith('.system.test.ts'),
    needs: CONTAINERS,
    minutes: 8,
    root: true,
  },
  {
    name: 'sentry',
    about: "Sentry's SDKs as clients; Hive, Spark, Pig and a browser over what they sent",
    wants: (file) => /(sentry|sdk|report|table)[^/]*\.peer\.test\.ts$/.test(file),
    needs: [...TOOLS, ...JAVA, ...SPARK, 'chromium:chromium'],
    minutes: 14,
  },
  {
    name: 'peer',
    about: 'against the real Flume and Hadoop',
    wants: (file) => file.endsWith('.peer.test.ts'),
    needs: [...TOOLS, ...JAVA],
    minutes: 14,
  },
  {
    name: 'compat',
    about: 'the cases recorded from a real Flume',
    wants: (file) => file.startsWith('test/compat/'),
    needs: TOOLS,
    minutes: 10,
  },
  {
    name: 'package',
    about: 'the scripts, the npm package, the README, the example configurations',
    wants: (file) => /^test\/(scripts\/|conf\/|readme)/.test(file),
    needs: TOOLS,
    minutes: 6,
  },
  {
    name: 'faults',
    about: 'whole agents that are killed, starved of disk, and rotated under',
    wants: (file) => file.startsWith('test/faults/'),
    needs: TOOLS,
    minutes: 12,
  },
  {
    name: 'unit',
    about: 'everything else: units, contracts, pipelines, bad input',
    wants: () => true,
    needs: [...TOOLS, 'keytool:openjdk-17-jdk-headless'],
    minutes: 8,
  },
];

const HELP = `Usage: ./scripts/test [--PART…] [PATTERN…]

Without arguments every part runs, the way CI runs it. Parts:
  --lint      biome and the type checker
${PARTS.toReversed()
  .map((part) => `  ${`--${part.name}`.padEnd(11)} ${part.about}`)
  .join('\n')}
A PATTERN runs the test files whose path holds it. Logs lie in .cache/test/.
A part has minutes to end in; SLUICE_TEST_PATIENCE=2 doubles them, for a slow machine.`;

/** What one run came to. */
type Tally = { passed: number; failed: number; skipped: number };

type Run = {
  name: string;
  command: string;
  args: string[];
  minutes: number;
  /** Where mocha leaves its report; without one the exit code is the whole result. */
  report?: string;
  /** The run that must have ended before. */
  after?: string | undefined;
};

/** The run that fetches what the peers need, ahead of their tests, whose time is not meant for it. */
const FETCH = 'jars';

function fail(message: string): never {
  console.log(message);
  process.exit(64);
}

function parseArguments(args: readonly string[]) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    process.exit(0);
  }
  const flags = args.filter((arg) => arg.startsWith('-')).map((flag) => flag.replace(/^--/, ''));
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  const known = ['lint', ...PARTS.map((part) => part.name)];
  for (const flag of flags) if (!known.includes(flag)) fail(`There is no part --${flag}.\n${HELP}`);
  const all = flags.length === 0;
  const files = new Map<Part, string[]>();
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT }).sort()) {
    const part = PARTS.find((one) => one.wants(file));
    if (!part || !(all || flags.includes(part.name))) continue;
    if (patterns.length > 0 && !patterns.some((pattern) => file.includes(pattern))) continue;
    files.set(part, [...(files.get(part) ?? []), file]);
  }
  const lint = flags.includes('lint') || (all && patterns.length === 0);
  if (!lint && files.size === 0) fail(`No test file matches ${args.join(' ')}.`);
  return { files, lint, patterns };
}

function mochaRun(part: Part, files: readonly string[]): Run {
  const report = join(logs, `${part.name}.json`);
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  // In CI a test that cannot be run is a failure: a skipped peer proves nothing.
  const strict = process.env['CI'] ? ['--forbid-only', '--forbid-pending'] : ['--forbid-only'];
  const hooks = join(ROOT, 'test', 'support', 'run-hooks.ts');
  const args = [
    mocha,
    '--require',
    hooks,
    '--reporter',
    'json',
    '--reporter-option',
    `output=${report}`,
    ...strict,
    ...files,
  ];
  const asRoot = part.root && process.getuid?.() !== 0;
  return {
    name: part.name,
    command: asRoot ? 'sudo' : process.execPath,
    args: asRoot ? ['-E', process.execPath, ...args] : args,
    minutes: part.minutes,
    report,
  };
}

type Report = {
  stats: { passes: number; pending: number };
  failures: { fullTitle: string; file?: string; err: { stack?: string; message?: string } }[];
};

/** Reads mocha's report, prints its failures; a run without a report has crashed and counts as one failure. */
function tallyOf(run: Run, code: number, log: string): Tally {
  if (!run.report) {
    if (code !== 0) console.log(readFileSync(log, 'utf8'));
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  }
  let report: Report;
  try {
    report = JSON.parse(readFileSync(run.report, 'utf8'));
  } catch {
    console.log(`${run.name}: mocha ended with ${code} and left no report; its output ends with`);
    console.log(readFileSync(log, 'utf8').slice(-6000));
    return { passed: 0, failed: 1, skipped: 0 };
  }
  for (const { fullTitle, file, err } of report.failures) {
    console.log(`\nFAILED ${fullTitle} (${file?.replace(`${ROOT}/`, '') ?? 'no file'})`);
    console.log((err.stack || err.message || '').replace(/^/gm, '    '));
  }
  const { passes, pending } = report.stats;
  if (code !== 0 && report.failures.length === 0) {
    console.log(`${run.name}: mocha ended with ${code}; its output ends with`);
    console.log(readFileSync(log, 'utf8').slice(-1000));
  }
  // Failures in hooks are no tests to mocha's counters, but they are in this list; an exit code without any is one too.
  return { passed: passes, failed: report.failures.length || (code === 0 ? 0 : 1), skipped: pending };
}

/** Runs one part to its end or its deadline, leaves no process of it behind, and says what came of it. */
async function execute(run: Run): Promise<Tally> {
  const log = join(logs, `${run.name}.log`);
  if (run.report) rmSync(run.report, { force: true });
  const out = openSync(log, 'w');
  const started = performance.now();
  // By it everything that the part starts is known, whatever process group it is in.
  const mark = `SLUICE_TEST_PART=${run.name}-${process.pid}`;
  const [name, value] = mark.split('=');
  const child = spawn(run.command, run.args, {
    cwd: ROOT,
    stdio: ['ignore', out, out],
    detached: true,
    env: { ...process.env, [name]: value },
  });
  closeSync(out);
  const end = (signal: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  let late = false;
  let force: NodeJS.Timeout | undefined;
  const deadline = setTimeout(
    () => {
      late = true;
      end('SIGTERM');
      force = setTimeout(() => end('SIGKILL'), KILL_AFTER_MS);
    },
    run.minutes * PATIENCE * MINUTE_MS,
  );
  running.add(end);
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (status) => resolve(status ?? 1));
  });
  clearTimeout(deadline);
  clearTimeout(force);
  const left = await endLeftovers(mark);
  running.delete(end);
  if (late) {
    console.log(`${run.name}: ended after ${run.minutes * PATIENCE} minutes; the last it said (${log}):`);
    console.log(readFileSync(log, 'utf8').slice(-2000));
  }
  for (const command of left) console.log(`${run.name}: left running (and ended now): ${command.slice(0, 300)}`);
  const tally = tallyOf(run, late ? 1 : code, log);
  if (left.length > 0) tally.failed++;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { passed, failed, skipped } = tally;
  // Not in the form of the closing line, which stands alone.
  console.log(`${run.name.padEnd(9)} passed ${passed}, failed ${failed}, skipped ${skipped} in ${seconds} s`);
  return tally;
}

let interrupted = false;
const running = new Set<(signal: NodeJS.Signals) => void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true;
    // mocha ends what its tests started when it is told to end.
    for (const end of running) end('SIGTERM');
    setTimeout(() => {
      for (const end of running) end('SIGKILL');
      process.exit(130);
    }, KILL_AFTER_MS).unref();
  });
}
const asksNeeds = process.argv[2] === '--needs';
const { files, lint, patterns } = parseArguments(process.argv.slice(asksNeeds ? 3 : 2));
// A run of a few files, which a test starts too, leaves the logs of a whole run alone.
const logs = join(ROOT, '.cache', 'test', patterns.length > 0 ? 'chosen' : '');
if (asksNeeds) {
  console.log([...new Set([...files.keys()].flatMap((part) => part.needs))].join(' '));
  process.exit(0);
}

mkdirSync(logs, { recursive: true });
const bin = join(ROOT, 'node_modules', '.bin');
const runs: Run[] = [...files].map(([part, list]) => mochaRun(part, list));
const fetch = join(ROOT, 'scripts', 'peers', 'fetch.ts');
const peers = runs.filter((run) => run.name === 'peer' || run.name === 'sentry');
if (peers.length > 0 && existsSync(fetch)) {
  runs.push({ name: FETCH, command: process.execPath, args: [fetch, ...peers.map(({ name }) => name)], minutes: 10 });
  for (const run of peers) run.after = FETCH;
}
// What finds most comes first. The engines of `sentry` take both cores: by then the peers' tests of rotation, which look at when things happen, are over.
const order = [FETCH, 'unit', 'faults', 'peer', 'compat', 'system', 'package', 'sentry'];
runs.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
if (lint) {
  runs.unshift(
    { name: 'biome', command: join(bin, 'biome'), args: ['check', '.'], minutes: 2 },
    { name: 'types', command: join(bin, 'tsc'), args: ['-p', 'tsconfig.json', '--noEmit'], minutes: 4 },
  );
}

/** Most tests wait more than they compute, so two parts at a time keep two cores busy; what they assert does not hang on how long things take. */
const LANES = 2;

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const started = performance.now();

const finished = new Set<string>();
let fetchDone = () => {};
const fetched = new Promise<void>((resolve) => {
  fetchDone = resolve;
});

/** Runs one after the other until none is left. */
async function lane(): Promise<void> {
  for (;;) {
    const at = runs.findIndex((run) => run.after === undefined || finished.has(run.after));
    if (at >= 0) await runNext(at);
    else if (runs.length > 0)
      await fetched; // All that is left waits for it.
    else return;
  }
}

async function runNext(at: number): Promise<void> {
  const [run] = runs.splice(at, 1);
  const tally = await execute(run!);
  finished.add(run!.name);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  if (interrupted) process.exit(130);
}

/** Beside the lanes: it waits for the network. */
async function fetchFirst(): Promise<void> {
  const at = runs.findIndex((run) => run.name === FETCH);
  if (at >= 0) await runNext(at);
  fetchDone();
}

await Promise.all([fetchFirst(), ...Array.from({ length: LANES }, lane)]);
console.log(`all parts in ${((performance.now() - started) / 60_000).toFixed(1)} min; logs in ${logs}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
