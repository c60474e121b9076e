import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an agent can be let die (`SLUICE_FAULT`), and of how many passes one is drawn at which it does. */
export const FAULT_POINTS: Readonly<Record<string, number>> = {
  'before-checkpoint': 20,
  'after-checkpoint': 20,
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
