import type { SentryRow } from '../columns.ts';
import type { Format } from '../formats.ts';
import type { Given } from '../headers.ts';

/** What a line was found to be. */
export interface ReadLine {
  readonly format: Format;
  readonly row: SentryRow;
}

/**
 * Reads a log line (with the lines that continue it), also in docker's wrapper. `format` undefined: it is found out.
 * @returns undefined for what is of no known format. Never throws.
 */
export function readLine(_body: Buffer, _given: Given, _format: Format | undefined): ReadLine | undefined {
  return undefined;
}
