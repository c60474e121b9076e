import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { renderReference } from '../src/component/help.ts';
import { registry } from '../src/registry.ts';

describe('conf/REFERENCE.md', () => {
  it('says what the declarations say', () => {
    const written = readFileSync(new URL('../conf/REFERENCE.md', import.meta.url), 'utf8');
    assert.ok(written === renderReference(registry), 'it is stale: run `node scripts/reference.ts` and commit it');
  });
});
