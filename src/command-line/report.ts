import type { Argv } from 'yargs';
import type { Command, Found } from './command.ts';
import { last, list, type ParsedOptions } from './values.ts';

export interface ReportCommandArguments {
  /** A folder. */
  readonly lake: string;
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
  readonly projects: readonly string[];
  readonly json: boolean;
  readonly html?: string;
  readonly top: number;
}

const REPORT_OPTIONS = {
  from: {
    type: 'string',
    requiresArg: true,
    describe: 'Count what happened since then: 2026-11-20, 2026-11-20T14:30 (UTC), or 24h, 7d before now',
  },
  to: { type: 'string', requiresArg: true, describe: 'Count what happened before then' },
  project: { type: 'string', array: true, requiresArg: true, describe: 'Of this project alone (may be repeated)' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  html: { type: 'string', requiresArg: true, describe: 'Write a page with charts into this file' },
  top: { type: 'number', default: 10, requiresArg: true, describe: 'How many issues of each list' },
} as const;

const MOST_ISSUES = 1000;

/** `sluice report`. */
export function addReportCommand(parser: Argv, found: Found): Argv {
  return parser.command(
    'report [lake]',
    'Answer from rows of Sentry in local files: error rate, MTTR, top issues, what sets them apart',
    (builder) =>
      builder
        .usage(
          '$0 report LAKE [--from T] [--to T] [--project ID…] [--json] [--html FILE]\n\nReads the files below a folder, as the serializer sentry_rows writes them in its format json: lines of JSON, plain, .gz or .zst. Names that begin with _ or . are in use and left out. Needs the optional package DuckDB (@duckdb/node-api) and says how to install it where it is missing.',
        )
        .positional('lake', { type: 'string', describe: 'A folder, or file: and a folder' })
        .options(REPORT_OPTIONS)
        .example('$0 report /data/sentry', 'on the terminal')
        .example('$0 report /data/sentry --from 7d --html report.html', 'a page with charts, in one file')
        .example('$0 report /data/sentry --json | jq .totals.errorRate', 'for machines')
        .epilogue(
          'Exit codes: 0 there is a report, also of damaged files, which it names; 1 there is none; 2 wrong usage.',
        ),
    (args) => {
      found(reportArguments(args, Date.now()));
    },
  );
}

function reportArguments(args: ParsedOptions, now: number): Command {
  const lake = (last(args['lake']) ?? '').replace(/^file:(?:\/\/(?=\/))?/, '');
  const from = time(last(args['from']), '--from', now);
  const to = time(last(args['to']), '--to', now);
  const html = last(args['html']);
  const json = args['json'] === true;
  const top = Number(last(args['top']));
  if (lake === '') throw new Error('Name the folder of the lake: sluice report LAKE');
  if (from !== undefined && to !== undefined && from >= to) throw new Error('--from must be before --to');
  if (!Number.isInteger(top) || top < 1 || top > MOST_ISSUES) {
    throw new Error(`--top must be a whole number from 1 to ${MOST_ISSUES}`);
  }
  return { command: 'report', lake, from, to, projects: list(args['project']), json, html, top };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws Error unless it is a date, a time (without a zone in UTC), or so long before now */
function time(text: string | undefined, option: string, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * UNITS[unit]!;
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const timed = text.length > 10;
  const ms = Date.parse(timed && iso?.[1] === undefined ? `${text.replace(' ', 'T')}Z` : text);
  if (iso === null || Number.isNaN(ms)) {
    throw new Error(`${option} must be a date (2026-11-20), a time (2026-11-20T14:30), or how long ago (24h, 7d)`);
  }
  return ms;
}
