import { writeFile } from 'node:fs/promises';
import { fromSystemError } from '../errors.ts';
import { loadDuckDb } from './database.ts';
import type { Progress } from './load.ts';
import { makeReport } from './make-report.ts';
import { renderPage } from './page/render.ts';
import { renderTerminal } from './terminal/render.ts';
import { bytesWords, numberWords } from './words.ts';

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

interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Of a pipe or a file. */
const WIDTH = 100;
/** Who waits longer is told how far it is. */
const PATIENCE_MS = 1000;
const TELL_MS = 200;

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

/** A line on a terminal that says how far the reading is. */
class Meter {
  readonly #stream: Terminal;
  readonly #started = performance.now();
  #told = 0;

  constructor(stream: Terminal) {
    this.#stream = stream;
  }

  tell({ files, ofFiles, bytes, ofBytes }: Progress): void {
    const now = performance.now();
    if (this.#stream.isTTY !== true || now - this.#started < PATIENCE_MS || now - this.#told < TELL_MS) return;
    this.#told = now;
    const share = Math.floor((100 * bytes) / Math.max(1, ofBytes));
    const line = `Reading: ${numberWords(files)} of ${numberWords(ofFiles)} files, ${bytesWords(bytes)} of ${bytesWords(ofBytes)} (${share} %)`;
    this.#stream.write(`\r${line}\x1b[K`);
  }

  end(): void {
    if (this.#told > 0) this.#stream.write('\r\x1b[K');
  }
}
