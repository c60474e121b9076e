import type { SentryRow } from '../../sentry/columns.ts';

/** The text of a row, its line feed included, without any other. The same row gives the same text, always. */
export type RowWriter = (row: SentryRow) => string;
