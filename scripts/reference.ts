import { mkdirSync, writeFileSync } from 'node:fs';
import { renderReference } from '../src/component/help.ts';
import { registry } from '../src/registry.ts';

/** Writes conf/REFERENCE.md from the declarations of all components. */
const folder = new URL('../conf/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('REFERENCE.md', folder), renderReference(registry));
