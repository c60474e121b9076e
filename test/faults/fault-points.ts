import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an agent can be let die (`SLUICE_FAULT`), and of how many passes one is drawn at which it does. */
export const FAULT_POINTS: Readonly<Record<string, number>> = {
  'before-checkpoint': 20,
  'after-checkpoint': 20,
  'after-create': 6,
  'after-flush': 30,
  'after-close': 6,
  'before-rename': 6,
  'after-rename': 6,
  'in-recovery': 3,
  'channel-before-sync': 30,
  'channel-after-sync': 30,
  'channel-before-delete': 2,
};

const SRC = new URL('../../src', import.meta.url).pathname;

/** The fault points that there are in the sources. */
export function faultPointsOfSources(): string[] {
  const names = new Set<string>();
  for (const path of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    for (const [, name] of readFileSync(join(SRC, path), 'utf8').matchAll(/\bfaultPoint\(\s*'([^']+)'/g))
      names.add(name!);
  }
  return [...names].sort();
}
