import assert from 'node:assert/strict';
import type { Logger } from '../../src/component/context.ts';
import { newSinkCounters } from '../../src/component/counters.ts';
import type { Declaration } from '../../src/component/declaration.ts';
import type { FileSystem } from '../../src/component/file-system.ts';
import type { Sink, SinkContext } from '../../src/component/sink.ts';
import { type Bindable, bind } from '../../src/options/bind.ts';
import type { Problem } from '../../src/options/problem.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { text } from '../../src/serializers/text.ts';
import { TestCheckpoint } from './checkpoint.ts';
import { FakeClock } from './context.ts';

export { FakeClock };

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export interface TestSinkContext extends SinkContext {
  readonly clock: FakeClock;
  readonly lines: LogLine[];
}

/** A sink's context over one file system. */
export function sinkContext(fileSystem: FileSystem, clock = new FakeClock()): TestSinkContext {
  const lines: LogLine[] = [];
  const add = (level: string) => (message: string) => {
    lines.push({ level, message });
  };
  const log: Logger = {
    error: add('error'),
    warn: add('warn'),
    info: add('info'),
    debug: add('debug'),
    isDebug: false,
  };
  return {
    agent: 'a',
    name: 'k',
    log,
    lines,
    clock,
    stateDir: '/nowhere',
    checkpoint: new TestCheckpoint(),
    homeDir: '/nowhere',
    host: { name: 'localhost', address: '127.0.0.1', canonicalName: 'localhost' },
    env: {},
    systemProperties: new Map(),
    counters: newSinkCounters(),
    fileSystem: (url) => ({ fileSystem, path: url.replace(/^\w+:(\/\/[^/]*)?/, '') }),
  };
}

/** Binds options as those of a configuration are. */
export function bindOptions(
  declaration: Bindable,
  options: Readonly<Record<string, string | number | boolean>>,
  serializers: readonly Bindable[] = [text, avroEvent],
): { values: Readonly<Record<string, unknown>>; problems: readonly Problem[] } {
  const raw = new Map(Object.entries(options).map(([name, value]) => [name, { text: String(value) }]));
  return bind(
    declaration,
    raw,
    'sink k',
    (_kind, type) =>
      serializers.find((serializer) => serializer.type.toLowerCase() === type.toLowerCase()) ?? {
        known: serializers.map((serializer) => serializer.type),
      },
  );
}

/** A sink with these options. */
export function sinkOf(
  declaration: Declaration<'sink'>,
  options: Readonly<Record<string, string | number | boolean>>,
  context: SinkContext,
): Sink {
  const bound = bindOptions(declaration, options);
  assert.deepEqual(
    bound.problems.filter((problem) => problem.severity === 'error'),
    [],
  );
  return declaration.create(bound.values, context);
}

/** A signal that is never aborted. */
export const NEVER: AbortSignal = new AbortController().signal;
