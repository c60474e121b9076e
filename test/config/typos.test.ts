import assert from 'node:assert/strict';
import type { Kind } from '../../src/component/declaration.ts';
import { bind, type RawValue } from '../../src/options/bind.ts';
import { registry } from '../../src/registry.ts';

const at = { file: 'f', line: 1, column: 1 };

/** A key with one of its letters left out: the middle one. */
function misspell(name: string): string {
  const middle = Math.floor(name.length / 2);
  const letter = name[middle] === '.' ? middle + 1 : middle;
  return name.slice(0, letter) + name.slice(letter + 1);
}

describe('a misspelt option', () => {
  for (const declaration of registry.components) {
    it(`of ${declaration.kind} ${declaration.type} is noticed`, () => {
      const lookup = (kind: string, type: string) =>
        registry.components.find(
          (one) => one.kind === (kind as Kind) && one.type.toLowerCase() === type.toLowerCase(),
        ) ?? {
          known: [],
        };
      for (const [name, option] of Object.entries(declaration.options)) {
        if (option.shape === 'entries') continue;
        const key = misspell(name);
        if (Object.hasOwn(declaration.options, key)) continue;
        const raw = new Map<string, RawValue>([[key, { text: '1', at }]]);
        const { problems } = bind(declaration, raw, 'it', lookup, at);
        const words = problems.map((problem) => `${problem.message} ${problem.hint}`);
        assert.ok(
          words.some((text) => text.includes(`"${key}"`)),
          `${key} for ${name}: ${words.join('; ')}`,
        );
      }
    });
  }
});
