import type { Mark } from './fingerprint.ts';
import type { Ledger } from './ledger.ts';

/** Where a file is begun, and what is known of it. */
export interface Beginning {
  readonly position: number;
  readonly head?: Mark;
  readonly ledger?: Ledger;
  /** When the file was made, in nanoseconds. */
  readonly born?: bigint;
}
