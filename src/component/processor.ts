import type { ComponentContext } from './context.ts';

/**
 * A processor picks, for a group of sinks, the one that gets the next delivery: policy only. The sink runner delivers and
 * tells how it went. Synchronous.
 */
export interface Processor {
  /** The sink to try now, or `undefined` when none may be tried before `retryAt`. `tried`: those that failed for the same delivery. */
  pick(now: number, tried: readonly string[]): string | undefined;
  /** The sink took a delivery. */
  succeeded(sink: string, now: number): void;
  /** The sink failed. */
  failed(sink: string, now: number): void;
}

export interface ProcessorContext extends ComponentContext {
  /** The sinks of the group, in the order of the configuration. */
  readonly sinks: readonly string[];
}
