import yargs from 'yargs';
import { nearest } from './options/nearest.ts';

/** What the command line asks for. */
export type Command =
  | ({ readonly command: 'agent' } & AgentArguments)
  | ({ readonly command: 'check' } & AgentArguments)
  | { readonly command: 'help'; readonly kind?: string; readonly type?: string }
  | { readonly command: 'version' }
  | ({ readonly command: 'verify' } & VerifyArguments)
  | { readonly command: 'usage-error'; readonly message: string }
  | { readonly command: 'printed'; readonly output: string };

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

export interface VerifyArguments {
  /** One of the two is there. */
  readonly stateDir?: string;
  readonly name?: string;
  /** With them, what the state holds of components that are not configured any more is found. */
  readonly files: readonly string[];
  readonly confDir?: string;
  readonly json: boolean;
  readonly systemProperties: ReadonlyMap<string, string>;
}

const COMMANDS: readonly string[] = ['agent', 'node', 'check', 'verify', 'help', 'version'];

/** Flume's options that a Java process takes and Sluice has no use for, but whose presence in a unit file does no harm. */
const JVM_ARGUMENT = /^-(X|agentlib|agentpath|javaagent)/;

/** Takes `-Dkey=value` and arguments for the JVM out, wherever they stand. */
export function splitJavaArguments(argv: readonly string[]): { rest: string[]; systemProperties: Map<string, string> } {
  const systemProperties = new Map<string, string>();
  const rest: string[] = [];
  for (const argument of argv) {
    const property = /^-D([^=]+)(?:=(.*))?$/s.exec(argument);
    if (property !== null) systemProperties.set(property[1]!, property[2] ?? '');
    else if (!JVM_ARGUMENT.test(argument)) rest.push(argument);
  }
  return { rest, systemProperties };
}

const RUN_OPTIONS = {
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

const VERIFY_OPTIONS = {
  'state-dir': RUN_OPTIONS['state-dir'],
  name: { ...RUN_OPTIONS.name, describe: 'The name of the agent, whose state lies where it lies by default' },
  'conf-file': RUN_OPTIONS['conf-file'],
  conf: RUN_OPTIONS.conf,
  json: { type: 'boolean', default: false, describe: 'Print JSON, with every file' },
} as const;

/** Flume's options that are taken and do nothing, so that a unit file changes one word. */
const IGNORED_OPTIONS = {
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

/**
 * Reads a command line. Never exits and never prints: what is to be printed is in the result.
 * @param argv without the program's own name
 */
export async function parseCommandLine(argv: readonly string[]): Promise<Command> {
  const { rest, systemProperties } = splitJavaArguments(argv);
  let parsed: Command | undefined;
  const usage = (message: string): Command => ({ command: 'usage-error', message });
  const parser = yargs(rest)
    .scriptName('sluice')
    .usage('$0 COMMAND\n\nTails, buffers and ships logs; reads the configuration of Apache Flume.')
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
        parsed = refusal(args) ?? {
          command: args.dryrun ? 'check' : 'agent',
          ...runArguments(args, systemProperties),
        };
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
        parsed = refusal(args) ?? { command: 'check', ...runArguments(args, systemProperties) };
      },
    )
    .command(
      'verify',
      'Say where an agent stands: what is open, what is left to do, whether its state is sound',
      (builder) =>
        builder
          .usage(
            '$0 verify [--state-dir DIR] [-n NAME] [-f FILE]\n\nReads the state directory of an agent, running or not, and changes nothing. Says who holds it, how old its checkpoint is and whether it is sound; where each input stands and how much is to go; which output files are unfinished and what the next start does with them; what is queued in file channels and whether that is sound.',
          )
          .options(VERIFY_OPTIONS)
          .example('$0 verify --state-dir /var/lib/sluice', 'of the service')
          .example('$0 verify -n a1', 'of agent a1, where its state lies by default')
          .example('$0 verify -n a1 -f flume-conf.properties', 'also finds what removed components have left')
          .example('$0 verify -n a1 --json | jq .problems', 'for machines')
          .epilogue(
            'Exit codes: 0 all of it is sound; 1 something is damaged or left over that the agent will not put right by itself; 2 wrong usage, or there is nothing to read.',
          ),
      (args) => {
        parsed = verifyArguments(args, systemProperties);
      },
    )
    .command(
      'help [kind] [type]',
      'Explain the components and their options: sluice help sink hdfs',
      (builder) => builder.positional('kind', { type: 'string' }).positional('type', { type: 'string' }),
      (args) => {
        parsed = { command: 'help', kind: args.kind, type: args.type };
      },
    )
    .command('version', 'Print the version', {}, () => {
      parsed = { command: 'version' };
    })
    .demandCommand(1, 'Name a command.')
    .strict()
    .help('help')
    .alias('help', 'h')
    .version(false)
    .wrap(100)
    .parserConfiguration({
      'short-option-groups': false,
      'duplicate-arguments-array': true,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
    })
    .exitProcess(false)
    .fail(false);
  // yargs knows `help` as an option of its own; the command of that name is ours.
  if (rest[0] === 'help') return { command: 'help', kind: rest[1], type: rest[2] };
  if (rest[0] === '--version' || rest[0] === '-v') return { command: 'version' };
  const word = rest[0];
  if (word !== undefined && !word.startsWith('-') && !COMMANDS.includes(word)) {
    const near = nearest(word, COMMANDS);
    return usage(
      `There is no command "${word}"${near === undefined ? `; there are ${COMMANDS.join(', ')}` : ` (did you mean ${near}?)`}`,
    );
  }
  let output = '';
  try {
    await parser.parseAsync(rest, {}, (_error: unknown, _args: unknown, text: string) => {
      output = text;
    });
  } catch (error) {
    return usage(explain(error));
  }
  if (output !== '') return { command: 'printed', output };
  return parsed ?? usage('Name a command.');
}

function verifyArguments(args: ParsedOptions, systemProperties: ReadonlyMap<string, string>): Command {
  const stateDir = last(args['state-dir']);
  const name = last(args['name']);
  const files = list(args['conf-file']);
  if (stateDir === undefined && name === undefined)
    throw new Error('Name the directory with --state-dir DIR, or the agent with -n NAME');
  if (files.length > 0 && name === undefined) throw new Error('With -f FILE, name the agent with -n NAME, too');
  return {
    command: 'verify',
    stateDir,
    name,
    files,
    confDir: last(args['conf']),
    json: args['json'] === true,
    systemProperties,
  };
}

/** What to say of options that Sluice cannot honour. */
function refusal(args: ParsedOptions): Command | undefined {
  const name = Object.keys(REFUSED_OPTIONS).find((option) => args[option] !== undefined);
  if (name === undefined) return undefined;
  return { command: 'usage-error', message: `--${name} is not in Sluice: give the configuration as a file with -f` };
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown arguments?: ([^, ]+)/.exec(message)?.[1];
  if (unknown === undefined) return message;
  const near = nearest(unknown, Object.keys({ ...RUN_OPTIONS, ...IGNORED_OPTIONS }));
  return near === undefined ? message : `${message} (did you mean --${near}?)`;
}

interface ParsedOptions {
  readonly [option: string]: unknown;
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

function list(value: unknown): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

function last(value: unknown): string | undefined {
  return list(value).at(-1);
}

function seconds(value: unknown, option: string, least: number): number {
  const number = Number(Array.isArray(value) ? value.at(-1) : value);
  if (!Number.isFinite(number) || number < least || number > 86_400 * 24) {
    throw new Error(`${option} must be a number of seconds, at least ${least}`);
  }
  return number;
}
