import type { Argv } from 'yargs';
import { RUN_OPTIONS } from './agent.ts';
import type { Command, Found } from './command.ts';
import { last, list, type ParsedOptions } from './values.ts';

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

const VERIFY_OPTIONS = {
  'state-dir': RUN_OPTIONS['state-dir'],
  name: { ...RUN_OPTIONS.name, describe: 'The name of the agent, whose state lies where it lies by default' },
  'conf-file': RUN_OPTIONS['conf-file'],
  conf: RUN_OPTIONS.conf,
  json: { type: 'boolean', default: false, describe: 'Print JSON, with every file' },
} as const;

/** `sluice verify`. */
export function addVerifyCommand(parser: Argv, systemProperties: ReadonlyMap<string, string>, found: Found): Argv {
  return parser.command(
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
      found(verifyArguments(args, systemProperties));
    },
  );
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
