import type { AgentPlan } from '../component/plan.ts';
import { queuedIn, savedInputs, savedOutputs } from './saved-parts.ts';

/** A component that the state knows and the configuration does not. */
export interface Orphan {
  readonly kind: string;
  readonly name: string;
  /** What is left of it; for people. */
  readonly what: string;
}

/** Finds what the state holds of components that are not configured; those that have left nothing to do are no matter. */
export function orphansOf(saved: Iterable<readonly [part: string, saved: unknown]>, plan: AgentPlan): Orphan[] {
  const { sources, channels, sinks } = plan;
  const kinds = { source: sources, channel: channels, sink: sinks };
  const orphans: Orphan[] = [];
  for (const [part, state] of saved) {
    const [kind = ''] = part.split('.', 1);
    const name = part.slice(kind.length + 1);
    if (!(kind in kinds) || kinds[kind as keyof typeof kinds].some((component) => component.name === name)) continue;
    const what = leftBy(kind, state);
    if (what !== undefined) orphans.push({ kind, name, what });
  }
  return orphans;
}

export function describeOrphan({ kind, name, what }: Orphan): string {
  return `There is no ${kind} ${name} in this configuration any more; the state keeps what it left, until there is one again: ${what}. \`sluice verify\` lists it`;
}

function leftBy(kind: string, saved: unknown): string | undefined {
  switch (kind) {
    case 'source': {
      const files = savedInputs(saved)?.length ?? 0;
      return files === 0 ? undefined : `where it stood in ${files} ${files === 1 ? 'file' : 'files'}`;
    }
    case 'sink': {
      const files = savedOutputs(saved)?.length ?? 0;
      return files === 0
        ? undefined
        : `${files} unfinished ${files === 1 ? 'file' : 'files'}, which nobody cuts to what is durable and gives a final name now`;
    }
    default: {
      const events = queuedIn(saved) ?? 0;
      return events === 0 ? undefined : `${events} events in its directories`;
    }
  }
}
