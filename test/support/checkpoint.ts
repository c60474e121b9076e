import type { CheckpointPart } from '../../src/component/checkpoint.ts';

/** The checkpoint of an agent under test: nothing is kept. */
export const noCheckpoint = {
  epoch: 1,
  healthy: true,
  whenHealthy: (): Promise<void> => Promise.resolve(),
  commit: (): Promise<void> => Promise.resolve(),
  part: (): CheckpointPart => new TestCheckpoint(),
};

/** A part in a checkpoint that lies in memory: what was committed last is what a crash would leave. */
export class TestCheckpoint implements CheckpointPart {
  saved: unknown;
  /** How often something new was told. */
  changes = 0;
  /** How many damaged files of state were told. */
  damages = 0;
  #provider: (() => string) | undefined;

  constructor(saved?: unknown) {
    this.saved = saved;
  }

  provide(state: () => string): void {
    this.#provider = state;
  }

  changed(): void {
    this.changes++;
  }

  damaged(): void {
    this.damages++;
  }

  async commit(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.take();
  }

  /** What a checkpoint would hold now. */
  get present(): unknown {
    return this.#provider === undefined ? this.saved : JSON.parse(this.#provider());
  }

  /** Takes a checkpoint now. @returns what it holds */
  take(): unknown {
    if (this.#provider !== undefined) this.saved = JSON.parse(this.#provider());
    return this.saved;
  }
}
