#!/usr/bin/env -S node --max-semi-space-size=2
// Events lie outside of V8's heap, so a small nursery does: 15 to 20 MB less resident memory at the same speed.
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type AgentServices } from './agent/agent.ts';
import { AgentHost } from './agent/agent-host.ts';
import { Checkpoint } from './agent/checkpoint.ts';
import { systemClock } from './agent/clock.ts';
import { countersAddress, serveCounters } from './agent/counters-server.ts';
import { findLocalHost } from './agent/local-host.ts';
import { homeDir, userName } from './agent/local-user.ts';
import { oneAtATime, watchConfiguration } from './agent/reload.ts';
import { lockStateDir, prepareStateDir, stateDirCandidates } from './agent/state-dir.ts';
import type { AgentArguments } from './command-line/agent.ts';
import type { ReportCommandArguments } from './command-line/report.ts';
import type { ExplainArguments } from './command-line/sentry.ts';
import type { VerifyArguments } from './command-line/verify.ts';
import { parseCommandLine } from './command-line.ts';
import type { Logger } from './component/context.ts';
import { armFault } from './component/fault-point.ts';
import { renderHelp } from './component/help.ts';
import { loadHadoopConfiguration } from './config/hadoop-conf.ts';
import { loadAgent } from './config/load.ts';
import { addressName } from './config/read.ts';
import { describeError, SluiceError } from './errors.ts';
import { explainFile } from './explain/explain.ts';
import { type FileSystems, openFileSystems } from './filesystems/resolve.ts';
import { renderFlumeJson } from './monitoring/flume-json.ts';
import { createLog, type Log } from './monitoring/log.ts';
import { createServiceNotifier, type ServiceNotifier } from './monitoring/service-notify.ts';
import { type Problem, renderProblem } from './options/problem.ts';
import { registry } from './registry.ts';
import { patientLook } from './verify/look.ts';
import { describeOrphan, orphansOf } from './verify/orphans.ts';
import { renderReport } from './verify/render.ts';
import { verifyState } from './verify/verify.ts';

/** Exit codes, as sysexits.h and the shells have them. */
const EXIT = { good: 0, usage: 64, internal: 70, temporary: 75, configuration: 78, SIGINT: 130, SIGTERM: 143 } as const;

/** Those of `sluice verify`, as of grep and its like. */
const VERIFY_EXIT = { sound: 0, attention: 1, usage: 2 } as const;

/** Those of `sluice report`. */
const REPORT_EXIT = { good: 0, none: 1 } as const;

/** Those of `sluice sentry explain`. */
const EXPLAIN_EXIT = { good: 0, unread: 1, usage: 2 } as const;

/** How long after the drain deadline sinks may still take to close. */
const CLOSE_GRACE_MS = 5000;
/** How often the service manager gets a status line. */
const STATUS_MS = 10_000;

/** For a check, which says everything itself. */
const SILENT: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, isDebug: false };

const command = await parseCommandLine(process.argv.slice(2));
switch (command.command) {
  case 'usage-error':
    process.stderr.write(`sluice: ${command.message}\nSee: sluice --help\n`);
    process.exitCode = ['verify', 'report', 'sentry'].includes(process.argv[2] ?? '') ? VERIFY_EXIT.usage : EXIT.usage;
    break;
  case 'printed':
    process.stdout.write(`${command.output}\n`);
    break;
  case 'version':
    process.stdout.write(`Sluice ${version()}\n`);
    break;
  case 'help': {
    const help = renderHelp(registry, command.kind, command.type);
    if (help.found) process.stdout.write(help.text);
    else process.stderr.write(help.text);
    process.exitCode = help.found ? EXIT.good : EXIT.usage;
    break;
  }
  case 'check':
    process.exitCode = await check(command).catch(explainFailure);
    break;
  case 'verify':
    process.exitCode = await verify(command).catch((error: unknown) => {
      explainFailure(error);
      return VERIFY_EXIT.usage;
    });
    break;
  case 'sentry explain':
    process.exitCode = await explain(command).catch((error: unknown) => {
      explainFailure(error);
      return EXPLAIN_EXIT.usage;
    });
    break;
  case 'report':
    process.exitCode = await reportOnLake(command).catch((error: unknown) => {
      explainFailure(error);
      return REPORT_EXIT.none;
    });
    break;
  case 'agent':
    await run(command);
    break;
}

interface PackageJson {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as PackageJson;
}

function version(): string {
  return packageJson().version;
}

function load(
  args: Pick<AgentArguments, 'files' | 'uris' | 'login' | 'name' | 'strict' | 'systemProperties'>,
): ReturnType<typeof loadAgent> {
  return loadAgent({
    files: args.files,
    uris: args.uris,
    login: args.login,
    agent: args.name,
    strict: args.strict,
    env: process.env,
    systemProperties: args.systemProperties,
    registry,
  });
}

async function check(args: AgentArguments): Promise<number> {
  const { plan, problems } = await load(args);
  for (const problem of problems) process.stderr.write(`${renderProblem(problem)}\n`);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  if (plan === undefined || errors > 0) {
    process.stderr.write(`Agent ${args.name} cannot run: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
    return EXIT.configuration;
  }
  // Some things only show when the components are made: a key store that cannot be read, a scheme that there is not. None is started.
  const { services } = await lend(args, '/', checkpointOf(args, '/', SILENT), () => SILENT);
  new Agent(plan, services);
  process.stdout.write(
    `Agent ${args.name} can run: ${count(plan.sources.length, 'source')}, ${count(plan.channels.length, 'channel')}, ${count(plan.sinks.length, 'sink')}, ${count(warnings, 'warning')}\n`,
  );
  return EXIT.good;
}

async function verify(args: VerifyArguments): Promise<number> {
  const { name = '', stateDir: given } = args;
  const wishes = { agent: name, given, fromService: process.env['STATE_DIRECTORY'], homeDir: homeDir() };
  const candidates = stateDirCandidates(wishes);
  const stateDir = candidates.find((dir) => existsSync(dir)) ?? candidates.at(-1)!;
  const fileSystems = openAll(args.confDir, () => SILENT);
  const { plan, problems } =
    args.files.length === 0
      ? { plan: undefined, problems: [] }
      : await load({ ...args, name, uris: [], strict: false });
  if (args.files.length > 0 && plan === undefined) {
    for (const problem of problems) process.stderr.write(`${renderProblem(problem)}\n`);
    throw new SluiceError('CONFIG_INVALID', `agent ${name}, ${args.files.join(', ')}`);
  }
  const look = patientLook((url, path) => {
    const folder = url.replace(/\/$/, '');
    return fileSystems.resolve(`${folder}${path}`).fileSystem.stat(path);
  }, systemClock);
  const report = await verifyState({ stateDir, plan, look, clock: systemClock });
  process.stdout.write(args.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
  await fileSystems.close();
  return VERIFY_EXIT[report.verdict];
}

async function explain(args: ExplainArguments): Promise<number> {
  const { unread } = await explainFile(args, process);
  return unread ? EXPLAIN_EXIT.unread : EXPLAIN_EXIT.good;
}

async function reportOnLake(args: ReportCommandArguments): Promise<number> {
  // Nothing that an agent needs: loaded here alone.
  const { runReport } = await import('./report/run-report.ts');
  const { stdout, stderr, env } = process;
  const wanted = `@duckdb/node-api@${packageJson().peerDependencies['@duckdb/node-api']?.replace(/^\W/, '')}`;
  // NO_COLOR counts when it is not empty: https://no-color.org
  await runReport(args, { stdout, stderr, noColour: (env['NO_COLOR'] ?? '') !== '', now: Date.now(), wanted });
  return REPORT_EXIT.good;
}

/** Says on stderr what ended a command; gives its exit code. */
function explainFailure(error: unknown): number {
  process.stderr.write(`sluice: ${describeError(error)}\n`);
  if (!(error instanceof SluiceError)) return EXIT.internal;
  process.stderr.write(`${error.action}\n`);
  return EXIT.configuration;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

async function run(args: AgentArguments): Promise<void> {
  const log = createLog({ format: args.logFormat, level: args.logLevel ?? 'info', stream: process.stderr });
  // A log that nobody reads any more (its pipe is closed) is no reason to end.
  process.stderr.on('error', () => {});
  const main = log.logger('sluice');
  process.on('uncaughtException', (error) => {
    main.error(`Internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(EXIT.internal);
  });
  try {
    await runAgent(args, log);
  } catch (error) {
    main.error(describeError(error));
    if (error instanceof SluiceError) main.error(error.action);
    process.exit(exitCodeOf(error));
  }
}

/** A service manager starts the agent again, but not after a wrong configuration. */
function exitCodeOf(error: unknown): number {
  if (!(error instanceof SluiceError) || error.code === 'INTERNAL') return EXIT.internal;
  return error.retryable ? EXIT.temporary : EXIT.configuration;
}

function report(problems: readonly Problem[], log: Log): void {
  const logger = log.logger('configuration');
  for (const problem of problems) {
    if (problem.severity === 'error') logger.error(renderProblem(problem));
    else logger.warn(renderProblem(problem));
  }
}

/** What components get from the process. Nothing is opened yet. */
async function lend(
  args: AgentArguments,
  stateDir: string,
  checkpoint: AgentServices['checkpoint'],
  logger: AgentServices['logger'],
): Promise<{ services: AgentServices; fileSystems: FileSystems }> {
  const fileSystems = openAll(args.confDir, logger);
  const services: AgentServices = {
    logger,
    clock: systemClock,
    stateDir,
    checkpoint,
    homeDir: homeDir(),
    host: await findLocalHost(),
    env: process.env,
    systemProperties: args.systemProperties,
    fileSystem: (url) => fileSystems.resolve(url),
  };
  return { services, fileSystems };
}

function openAll(confDir: string | undefined, logger: AgentServices['logger']): FileSystems {
  return openFileSystems({
    declarations: registry.fileSystems,
    context: {
      hadoop: loadHadoopConfiguration([process.env['HADOOP_CONF_DIR'], confDir], logger('hadoop')),
      user: process.env['HADOOP_USER_NAME'] ?? userName(),
      log: logger('file system'),
      clock: systemClock,
    },
  });
}

function checkpointOf(args: AgentArguments, dir: string, log: Logger): Checkpoint {
  return new Checkpoint({ dir, agent: args.name, clock: systemClock, log });
}

async function runAgent(args: AgentArguments, log: Log): Promise<void> {
  const main = log.logger('sluice');
  const { plan, problems } = await load(args);
  report(problems, log);
  if (plan === undefined) {
    throw new SluiceError(
      'CONFIG_INVALID',
      `agent ${args.name}, ${[...args.files, ...args.uris.map(addressName)].join(', ')}`,
    );
  }
  const stateDir = prepareStateDir({
    agent: args.name,
    given: args.stateDir,
    fromService: process.env['STATE_DIRECTORY'],
    homeDir: homeDir(),
  });
  main.info(`Sluice ${version()} runs agent ${args.name}; its state lies in ${stateDir}`);
  const lock = await lockStateDir(stateDir, args.name);
  const checkpoint = checkpointOf(args, stateDir, log.logger('checkpoint'));
  await checkpoint.load();
  armFault(process.env['SLUICE_FAULT'], () => process.kill(process.pid, 'SIGKILL'));
  const { services, fileSystems } = await lend(args, stateDir, checkpoint, (name) => log.logger(name));
  const host = new AgentHost(plan, services, args.drainTimeout * 1000);
  for (const orphan of orphansOf(checkpoint.saved, plan)) log.logger('checkpoint').warn(describeOrphan(orphan));
  const ended = new AbortController();
  const counters = (): string =>
    renderFlumeJson([...host.counters, { type: 'AGENT', name: args.name, counters: checkpoint.counters }]);
  const monitoring = serveCounters(countersAddress(args.systemProperties, log), counters, log, ended.signal);
  await host.start();
  const notifier = createServiceNotifier(process.env, main);
  await notifier.ready();
  notifier.startWatchdog(() => true);
  const tell = (): void => {
    void notifier.status(`${host.queued} events in channels${host.ready ? '' : '; a source is not ready'}`);
  };
  tell();
  const status = setInterval(tell, STATUS_MS);

  const reload = oneAtATime(
    async () => {
      main.info('Reading the configuration again');
      const next = await load(args);
      report(next.problems, log);
      if (next.plan === undefined) main.error('The new configuration is not valid, the old one stays');
      else await host.replace(next.plan);
    },
    (error) => main.error(`The new configuration cannot be run: ${describeError(error)}`),
  );
  if (args.reload && args.files.length > 0) {
    void watchConfiguration({
      files: args.files,
      intervalMs: args.pollInterval * 1000,
      clock: systemClock,
      signal: ended.signal,
      onChange: reload,
    });
  }
  process.on('SIGHUP', () => void reload());
  process.on('SIGUSR2', () => {
    log.level = log.level === 'debug' ? 'info' : 'debug';
    main.info(`The log level is ${log.level} now`);
  });

  const stop = stopper(args, host, log, notifier, async () => {
    clearInterval(status);
    ended.abort();
    await checkpoint.close();
    await lock.release();
    await fileSystems.close();
    await (await monitoring)?.close();
    await notifier.close();
  });
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

/** What a signal does: the first one stops in good order within the drain time-out, a second one ends at once. */
function stopper(
  args: AgentArguments,
  host: AgentHost,
  log: Log,
  notifier: ServiceNotifier,
  close: () => Promise<void>,
): (signal: 'SIGTERM' | 'SIGINT') => void {
  const main = log.logger('sluice');
  let stopping = false;
  const leave = (code: number, how: string): void => {
    const left = host.leftBehind();
    const what = left.map(({ channel, events }) => `${events} events in channel ${channel}`).join(', ');
    main.warn(`${how}; left behind: ${what === '' ? 'nothing in the channels, perhaps open files' : what}`);
    process.exit(code);
  };
  return (signal) => {
    if (stopping) return leave(EXIT[signal], `Ended at once by a second ${signal}`);
    stopping = true;
    main.info(`${signal}: stopping; channels drain for up to ${args.drainTimeout} s`);
    const drainMs = args.drainTimeout * 1000;
    const deadline = AbortSignal.timeout(drainMs);
    // A sink that hangs must not keep the process.
    setTimeout(() => leave(EXIT[signal], 'Ended after the drain time-out'), drainMs + CLOSE_GRACE_MS).unref();
    void (async () => {
      await notifier.stopping();
      await host.stop(deadline);
      await close();
      main.info('Stopped');
      process.exit(EXIT[signal]);
    })();
  };
}
