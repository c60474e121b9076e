import { writeFile } from 'node:fs/promises';
import { fromSystemError } from '../errors.ts';
import { loadDuckDb } from './database.ts';
import { makeReport } from './make-report.ts';
import { renderPage } from './page/render.ts';
import { Meter, type Terminal } from './progress.ts';
import { renderTerminal } from './terminal/render.ts';

export interface ReportArguments {
  readonly lake: string;
  /** Milliseconds since 1970. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly projects: readonly string[];
  readonly json: boolean;
  /** Where the page is written. */
  readonly html?: string | undefined;
  readonly top: number;
}

/** What the command has of its process. */
export interface ReportOutput {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** As by NO_COLOR. */
  readonly noColour: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** `@duckdb/node-api@VERSION`. */
  readonly wanted: string;
}

/** Of a pipe or a file. */
const WIDTH = 100;
/** `sluice report`: reads the lake and writes what was asked for. @throws SluiceError when it cannot be made */
export async function runReport(args: ReportArguments, output: ReportOutput): Promise<void> {
  const meter = new Meter(output.stderr);
  let report: Awaited<ReturnType<typeof makeReport>>;
  try {
    const { now, wanted } = output;
    report = await makeReport({ ...args, now, wanted, loadDuckDb, onProgress: (progress) => meter.tell(progress) });
  } finally {
    meter.end();
  }
  const { html, json } = args;
  if (html !== undefined) {
    await writeFile(html, await renderPage(report)).catch((error: unknown) => {
      throw fromSystemError(error, `writing ${html}`);
    });
  }
  const { stdout } = output;
  if (json) stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else if (html !== undefined) stdout.write(`Written: ${html}\n`);
  else {
    const colour = stdout.isTTY === true && !output.noColour;
    stdout.write(renderTerminal(report, { width: stdout.columns ?? WIDTH, colour }));
  }
}
