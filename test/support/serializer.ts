import assert from 'node:assert/strict';
import type { ComponentContext } from '../../src/component/context.ts';
import type { Declaration } from '../../src/component/declaration.ts';
import type { Serializer } from '../../src/component/serializer.ts';
import { bind } from '../../src/options/bind.ts';
import { TestCheckpoint } from './checkpoint.ts';

/** The parts of a context that serializers may use in tests. */
export function serializerContext(): ComponentContext {
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, isDebug: false };
  return {
    agent: 'a',
    name: 'k',
    log,
    clock: { now: () => 0, monotonic: () => 0, sleep: async () => {} },
    stateDir: '/nowhere',
    checkpoint: new TestCheckpoint(),
    homeDir: '/nowhere',
    host: { name: 'web-1', address: '127.0.0.1', canonicalName: 'localhost' },
    env: {},
    systemProperties: new Map(),
    fileSystem: () => {
      throw new Error('no file system here');
    },
  };
}

/** A serializer with these options, bound from text as those of a configuration are. */
export function serializerOf(
  declaration: Declaration<'serializer'>,
  options: Readonly<Record<string, string | number | boolean>> = {},
  context = serializerContext(),
): Serializer {
  const raw = new Map(Object.entries(options).map(([name, value]) => [name, { text: String(value) }]));
  const bound = bind(declaration, raw, 'serializer', () => ({ known: [] }));
  assert.deepEqual(
    bound.problems.filter((problem) => problem.severity === 'error'),
    [],
  );
  return declaration.create(bound.values, context);
}
