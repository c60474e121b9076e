import type { Argv } from 'yargs';
import type { Command, Found } from './command.ts';
import { last, list, type ParsedOptions, seconds } from './values.ts';

export interface AgentArguments {
  readonly name: string;
  readonly files: readonly string[];
  readonly uris: readonly string[];
  /** For `uris` of `http:` and `https:`. */
  readonly login?: { readonly user: string; readonly password: string };
  /** `-c`: also looked in for Hadoop's site files. */
  readonly confDir?: string;
  readonly strict: boolean;
  readonly stateDir?: string;
  /** Seconds. */
  readonly drainTimeout: number;
  readonly logFormat: 'text' | 'json';
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug';
  readonly reload: boolean;
  /** Seconds. */
  readonly pollInterval: number;
  readonly systemProperties: ReadonlyMap<string, string>;
}

export const RUN_OPTIONS = {
  name: { alias: 'n', type: 'string', requiresArg: true, describe: 'The name of the agent in the configuration' },
  'conf-file': {
    alias: 'f',
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'A configuration file; several are merged, later keys win',
  },
  'conf-uri': {
    alias: 'u',
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'A configuration at a URI (file:, http:, https:)',
  },
  'conf-user': { alias: 'user', type: 'string', requiresArg: true, describe: 'The user for a --conf-uri of http' },
  'conf-password': { alias: 'pwd', type: 'string', requiresArg: true, describe: 'The password of that user' },
  conf: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'A folder with core-site.xml and hdfs-site.xml, for paths in HDFS',
  },
  strict: { type: 'boolean', default: false, describe: 'Refuse whatever Flume refuses' },
  'state-dir': {
    type: 'string',
    requiresArg: true,
    describe: "The folder for the agent's own state ($STATE_DIRECTORY, else /var/lib/sluice/NAME, else ~/.sluice/NAME)",
  },
  'drain-timeout': {
    type: 'number',
    default: 30,
    requiresArg: true,
    describe: 'Seconds that a stop lets the channels drain into the sinks',
  },
  'log-format': { choices: ['text', 'json'], default: 'text', requiresArg: true, describe: 'How log lines look' },
  'log-level': {
    choices: ['error', 'warn', 'info', 'debug'],
    requiresArg: true,
    describe: 'The least severe lines that are logged (SIGUSR2 switches debug on and off)',
  },
  'reload-conf': {
    type: 'boolean',
    default: true,
    describe: 'Run a changed configuration without a restart (--no-reload-conf: do not)',
  },
  'poll-interval': {
    alias: 'i',
    type: 'number',
    default: 30,
    requiresArg: true,
    describe: 'Seconds between looks at the configuration files',
  },
} as const;

/** Flume's options that are taken and do nothing, so that a unit file changes one word. */
export const IGNORED_OPTIONS = {
  classpath: { alias: 'C', type: 'string', requiresArg: true, hidden: true },
  'plugins-path': { type: 'string', requiresArg: true, hidden: true },
  dryrun: { alias: 'd', type: 'boolean', default: false, describe: 'Check the configuration and end' },
  'backup-directory': { alias: 'b', type: 'string', requiresArg: true, hidden: true },
  'auth-provider': { alias: 'a', type: 'string', requiresArg: true, hidden: true },
} as const;

/** Flume's options that Sluice cannot honour: named, not silently dropped. */
const REFUSED_OPTIONS = {
  'conf-provider': { alias: 'prov', type: 'string', requiresArg: true, hidden: true },
  zkConnString: { alias: 'z', type: 'string', requiresArg: true, hidden: true },
  zkBasePath: { alias: 'p', type: 'string', requiresArg: true, hidden: true },
} as const;

/** `sluice agent` and `sluice check`. */
export function addAgentCommands(parser: Argv, systemProperties: ReadonlyMap<string, string>, found: Found): Argv {
  return parser
    .command(
      ['agent', 'node'],
      'Run an agent',
      (builder) =>
        builder
          .options(RUN_OPTIONS)
          .options(IGNORED_OPTIONS)
          .options(REFUSED_OPTIONS)
          .example('$0 agent -n agent -f /etc/sluice/flume-conf.properties', 'as flume-ng is started')
          .example(
            '$0 agent -n agent -f F -Dflume.monitoring.type=http -Dflume.monitoring.port=41414',
            'with counters at http://127.0.0.1:41414/metrics',
          )
          .epilogue(
            'Exit codes: 0 good, 64 wrong usage, 70 internal error, 78 wrong configuration, 130 and 143 after a signal.',
          ),
      (args) => {
        const command = args.dryrun ? 'check' : 'agent';
        found(refusal(args) ?? { command, ...runArguments(args, systemProperties) });
      },
    )
    .command(
      'check',
      'Check a configuration without running it; lists every problem',
      (builder) =>
        builder
          .options(RUN_OPTIONS)
          .options(IGNORED_OPTIONS)
          .options(REFUSED_OPTIONS)
          .example('$0 check -n agent -f flume-conf.properties', ''),
      (args) => {
        found(refusal(args) ?? { command: 'check', ...runArguments(args, systemProperties) });
      },
    );
}

/** What to say of options that Sluice cannot honour. */
function refusal(args: ParsedOptions): Command | undefined {
  const name = Object.keys(REFUSED_OPTIONS).find((option) => args[option] !== undefined);
  if (name === undefined) return undefined;
  return { command: 'usage-error', message: `--${name} is not in Sluice: give the configuration as a file with -f` };
}

function runArguments(args: ParsedOptions, systemProperties: ReadonlyMap<string, string>): AgentArguments {
  const name = last(args['name']);
  const files = list(args['conf-file']);
  const uris = list(args['conf-uri']);
  if (name === undefined)
    throw new Error('Missing required option: -n NAME, the name of the agent in the configuration');
  if (files.length === 0 && uris.length === 0) throw new Error('Missing required option: -f FILE, the configuration');
  const user = last(args['conf-user']);
  const root = systemProperties.get('flume.root.logger')?.split(',')[0]?.toLowerCase();
  const fromProperty = (['error', 'warn', 'info', 'debug'] as const).find((level) => level === root);
  return {
    name,
    files,
    uris,
    login: user === undefined ? undefined : { user, password: last(args['conf-password']) ?? '' },
    confDir: last(args['conf']),
    strict: args['strict'] === true,
    stateDir: last(args['state-dir']),
    drainTimeout: seconds(args['drain-timeout'], '--drain-timeout', 0),
    logFormat: last(args['log-format']) as 'text' | 'json',
    logLevel: (last(args['log-level']) as AgentArguments['logLevel']) ?? fromProperty,
    reload: args['reload-conf'] !== false,
    pollInterval: seconds(args['poll-interval'], '--poll-interval', 1),
    systemProperties,
  };
}
