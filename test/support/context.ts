import { homedir, tmpdir } from 'node:os';
import { systemClock } from '../../src/agent/clock.ts';
import type { Clock, ComponentContext, Logger } from '../../src/component/context.ts';
import { TestCheckpoint } from './checkpoint.ts';

/** A logger that keeps its lines: `LEVEL message`. */
export function memoryLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  return {
    lines,
    isDebug: true,
    error: write('ERROR'),
    warn: write('WARN'),
    info: write('INFO'),
    debug: write('DEBUG'),
  };
}

/** A context for a component under test. */
export function componentContext(name: string, over: Partial<ComponentContext> = {}): ComponentContext {
  return {
    agent: 'a',
    name,
    log: memoryLogger(),
    clock: systemClock,
    stateDir: tmpdir(),
    checkpoint: new TestCheckpoint(),
    homeDir: homedir(),
    host: { name: 'localhost', address: '127.0.0.1', canonicalName: 'localhost' },
    env: {},
    systemProperties: new Map(),
    fileSystem: (url) => {
      throw new Error(`no file system for ${url} in this test`);
    },
    ...over,
  };
}

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  /** May be moved by hand, too: nobody is woken by that. */
  time: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(now = 1_700_000_000_000) {
    this.time = now;
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { at: this.time + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  /** How many sleep now. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /** Lets time go by, waking sleepers in order; promises that wait on them run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = end;
  }
}
