import type { Argv } from 'yargs';
import type { Found } from './command.ts';

export interface ExplainArguments {
  /** A path, or `-` for the standard input. */
  readonly file: string;
  readonly json: boolean;
}

export const SENTRY_COMMANDS: readonly string[] = ['explain'];

/** `sluice sentry explain`. */
export function addSentryCommands(parser: Argv, found: Found): Argv {
  return parser.command('sentry', "Look at Sentry's data", (group) =>
    group
      .usage("$0 sentry COMMAND\n\nLooks at Sentry's data as Sluice does.")
      .command(
        'explain [file]',
        'Say why an event belongs to its issue: what was hashed, and where it came from',
        (builder) =>
          builder
            .usage(
              '$0 sentry explain FILE [--json]\n\nReads events and shows of each the issue that it belongs to, and why: what decided (a checksum, a fingerprint, exceptions, a message, …), each input of the hash in order with the place that it came from, the hash, and the id that Sentry itself gave when the data has one. Two events are of one issue when their inputs are the same. The file is an event as JSON (of an SDK, or as Sentry stored it), an envelope, a line of the Kafka topic events, or many of these, one a line. Nothing is sent anywhere.',
            )
            .positional('file', { type: 'string', describe: 'A file, or - for the standard input' })
            .options({ json: { type: 'boolean', default: false, describe: 'Print JSON, one object an event' } })
            .example('$0 sentry explain event.json', 'one event')
            .example('$0 sentry explain request.envelope', 'what an SDK has sent')
            .example('kcat -C -e -t events | $0 sentry explain -', 'what Sentry has stored')
            .example('$0 sentry explain events.jsonl --json | jq -r .issue_id | sort | uniq -c', 'for machines')
            .epilogue(
              'Exit codes: 0 all was read; 1 something in the file could not be read; 2 wrong usage, or no file.',
            ),
        (args) => {
          if (args.file === undefined)
            throw new Error('Name a file, or - for the standard input: sluice sentry explain FILE');
          // yargs makes an empty text of a lone dash.
          found({ command: 'sentry explain', file: args.file === '' ? '-' : args.file, json: args.json === true });
        },
      )
      .demandCommand(1, 'Name a command of sentry: explain.'),
  );
}
