/**
 * Runs the parts of the test suite as mocha runs of their own, two at a time, and adds up what they report.
 * The starter `scripts/test` installs what `--needs` names first.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PART_DEADLINE_MS = 20 * 60_000;

type Part = {
  /** As in `--NAME`. */
  name: string;
  about: string;
  /** The files of the part, told by their path; a file belongs to the first part that wants it. */
  wants: (file: string) => boolean;
  /** What the machine must have, as COMMAND:DEBIAN-PACKAGE. */
  needs: readonly string[];
  /** Runs when no other part does, after all of them. */
  alone?: boolean;
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
    alone: true,
    root: true,
  },
  {
    name: 'peer',
    about: 'against the real Flume and Hadoop',
    wants: (file) => file.endsWith('.peer.test.ts'),
    needs: [...TOOLS, ...JAVA],
  },
  {
    name: 'compat',
    about: 'the cases recorded from a real Flume',
    wants: (file) => file.startsWith('test/compat/'),
    needs: TOOLS,
  },
  {
    name: 'package',
    about: 'the scripts, the npm package, the README, the example configurations',
    wants: (file) => /^test\/(scripts\/|conf\/|readme)/.test(file),
    needs: TOOLS,
  },
  {
    name: 'unit',
    about: 'everything else: units, contracts, pipelines, bad input',
    wants: () => true,
    needs: [...TOOLS, 'keytool:openjdk-17-jdk-headless'],
  },
];

const HELP = `Usage: ./scripts/test [--PART…] [PATTERN…]

Without arguments every part runs, the way CI runs it. Parts:
  --lint      biome and the type checker
${PARTS.toReversed()
  .map((part) => `  ${`--${part.name}`.padEnd(11)} ${part.about}`)
  .join('\n')}
A PATTERN runs the test files whose path holds it. Logs lie in .cache/test/.`;

/** What one run came to. */
type Tally = { passed: number; failed: number; skipped: number };

type Run = { name: string; command: string; args: string[]; alone?: boolean; report?: string };

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
    alone: part.alone,
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

async function execute(run: Run): Promise<Tally> {
  const log = join(logs, `${run.name}.log`);
  if (run.report) rmSync(run.report, { force: true });
  const out = openSync(log, 'w');
  const started = performance.now();
  const child = spawn(run.command, run.args, { cwd: ROOT, stdio: ['ignore', out, out], detached: true });
  const killGroup = () => {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(killGroup, PART_DEADLINE_MS);
  running.add(killGroup);
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (status) => resolve(status ?? 1));
  });
  clearTimeout(timer);
  running.delete(killGroup);
  const tally = tallyOf(run, code, log);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { passed, failed, skipped } = tally;
  // Not in the form of the closing line, which stands alone.
  console.log(`${run.name.padEnd(9)} passed ${passed}, failed ${failed}, skipped ${skipped} in ${seconds} s`);
  return tally;
}

const running = new Set<() => void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const kill of running) kill();
    process.exit(130);
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
// The longest first, so that none is left over at the end.
const order = ['peer', 'unit', 'compat', 'package', 'system'];
runs.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
if (lint) {
  runs.push({ name: 'biome', command: join(bin, 'biome'), args: ['check', '.'] });
  runs.push({ name: 'types', command: join(bin, 'tsc'), args: ['-p', 'tsconfig.json', '--noEmit'] });
}

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const work = async (queue: Run[]) => {
  for (let run = queue.shift(); run; run = queue.shift()) {
    const tally = await execute(run);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.skipped += tally.skipped;
  }
};
const together = runs.filter((run) => !run.alone);
const lanes = Math.min(2, availableParallelism());
await Promise.all(Array.from({ length: lanes }, () => work(together)));
await work(runs.filter((run) => run.alone));

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
