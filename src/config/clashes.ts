import type { SourcePlan } from '../component/plan.ts';
import type { Planner } from './planner.ts';

/** Warns of sources that want the same port: the second of them cannot start. */
export function reportSharedPorts(planner: Planner, sources: readonly SourcePlan[]): void {
  const seen: { source: string; protocol: string; address: string; port: number }[] = [];
  for (const source of sources) {
    const protocol = /udp/i.test(source.declaration.type) ? 'UDP' : 'TCP';
    const { bind, host, port, ports } = source.options;
    const address = typeof bind === 'string' ? bind : typeof host === 'string' ? host : '0.0.0.0';
    const wanted = [port, ...(Array.isArray(ports) ? ports : [])].map(Number);
    for (const number of new Set(wanted)) {
      if (!Number.isInteger(number) || number <= 0) continue;
      const other = seen.find(
        (one) => one.protocol === protocol && one.port === number && overlaps(one.address, address),
      );
      if (other === undefined) seen.push({ source: source.name, protocol, address, port: number });
      else {
        planner.warn(
          `source ${source.name}`,
          `wants ${protocol} port ${number}, which source ${other.source} has already`,
          'give each a port of its own',
          source.at,
        );
      }
    }
  }
}

function overlaps(left: string, right: string): boolean {
  const all = ['0.0.0.0', '::', ''];
  return left === right || all.includes(left) || all.includes(right);
}

/** Warns of sources that keep their positions in one file: each writes it as if it were alone. */
export function reportSharedPositions(planner: Planner, sources: readonly SourcePlan[]): void {
  const seen = new Map<unknown, string>();
  for (const source of sources) {
    if (!Object.hasOwn(source.declaration.options, 'positionFile')) continue;
    const file = source.options['positionFile'];
    const other = seen.get(file);
    if (other === undefined) seen.set(file, source.name);
    else {
      planner.warn(
        `source ${source.name}`,
        `keeps its positions in the same file as source ${other}; after a restart, lines come again`,
        'give each a positionFile of its own',
        source.at,
      );
    }
  }
}
