import type { AgentCounters, ChannelCounters, SinkCounters, SourceCounters } from '../component/counters.ts';

/** The counters of one component. */
export type CounterGroup =
  | { readonly type: 'SOURCE'; readonly name: string; readonly counters: SourceCounters }
  | { readonly type: 'CHANNEL'; readonly name: string; readonly counters: ChannelCounters }
  | { readonly type: 'SINK'; readonly name: string; readonly counters: SinkCounters }
  | InterceptorGroup;

/** What an interceptor counts; its name is that of its source, a dot and its own. Flume's have no counters. */
export interface InterceptorGroup {
  readonly type: 'INTERCEPTOR';
  readonly name: string;
  readonly counters: Readonly<Record<string, number>>;
}

/** The agent's own counters. */
export interface AgentGroup {
  readonly type: 'AGENT';
  readonly name: string;
  readonly counters: AgentCounters;
}

/** Flume's `/metrics`: an object for each component, every value a string. One for the agent itself is Sluice's. */
export function renderFlumeJson(groups: readonly (CounterGroup | AgentGroup)[]): string {
  const out: Record<string, Record<string, string>> = {};
  for (const group of groups) {
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(group.counters)) values[name] = String(value);
    if (group.type === 'CHANNEL') {
      values['ChannelFillPercentage'] = fillPercentage(group.counters.ChannelSize, group.counters.ChannelCapacity);
    }
    values['Type'] = group.type;
    out[`${group.type}.${group.name}`] = values;
  }
  return JSON.stringify(out);
}

function fillPercentage(size: number, capacity: number): string {
  return javaDouble(capacity === 0 ? Number.MAX_VALUE : (size / capacity) * 100);
}

/** A number as Java's Double.toString writes it. */
export function javaDouble(value: number): string {
  if (value === 0) return '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa, exponent] = value.toExponential().split('e');
  return `${mantissa!.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
