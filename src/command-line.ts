import yargs from 'yargs';
import { addAgentCommands, IGNORED_OPTIONS, RUN_OPTIONS } from './command-line/agent.ts';
import type { Command } from './command-line/command.ts';
import { addReportCommand } from './command-line/report.ts';
import { addSentryCommands, SENTRY_COMMANDS } from './command-line/sentry.ts';
import { addVerifyCommand } from './command-line/verify.ts';
import { nearest } from './options/nearest.ts';

const COMMANDS: readonly string[] = ['agent', 'node', 'check', 'verify', 'report', 'sentry', 'help', 'version'];

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

/**
 * Reads a command line. Never exits and never prints: what is to be printed is in the result.
 * @param argv without the program's own name
 */
export async function parseCommandLine(argv: readonly string[]): Promise<Command> {
  const { rest, systemProperties } = splitJavaArguments(argv);
  let parsed: Command | undefined;
  const usage = (message: string): Command => ({ command: 'usage-error', message });
  const found = (command: Command): void => {
    parsed = command;
  };
  const parser = yargs(rest)
    .scriptName('sluice')
    .usage('$0 COMMAND\n\nTails, buffers and ships logs; reads the configuration of Apache Flume.');
  addAgentCommands(parser, systemProperties, found);
  addVerifyCommand(parser, systemProperties, found);
  addReportCommand(parser, found);
  addSentryCommands(parser, found);
  parser
    .command(
      'help [kind] [type]',
      'Explain the components and their options: sluice help sink hdfs',
      (builder) => builder.positional('kind', { type: 'string' }).positional('type', { type: 'string' }),
      (args) => {
        found({ command: 'help', kind: args.kind, type: args.type });
      },
    )
    .command('version', 'Print the version', {}, () => {
      found({ command: 'version' });
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
  const group = word === 'sentry' ? rest[1] : undefined;
  if (group !== undefined && !group.startsWith('-') && !SENTRY_COMMANDS.includes(group)) {
    return usage(`There is no command "sentry ${group}"; there is sentry ${SENTRY_COMMANDS.join(', ')}`);
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

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown arguments?: ([^, ]+)/.exec(message)?.[1];
  if (unknown === undefined) return message;
  const near = nearest(unknown, [...Object.keys({ ...RUN_OPTIONS, ...IGNORED_OPTIONS }), 'json']);
  return near === undefined ? message : `${message} (did you mean --${near}?)`;
}
