import { type FileHandle, open, rename } from 'node:fs/promises';
import type { CheckpointPart } from '../component/checkpoint.ts';
import type { Clock, Logger } from '../component/context.ts';
import type { AgentCounters } from '../component/counters.ts';
import { faultPoint } from '../component/fault-point.ts';
import { describeError, fromSystemError, SluiceError } from '../errors.ts';
import { type CheckpointContent, checkpointPath, readCheckpoints, renderCheckpoint } from './checkpoint-file.ts';

/** Progress is written down about so often; what waits for it is not kept. */
const INTERVAL_MS = 50;
/** Taking checkpoints costs a twentieth of the time at the most: with a hundred thousand files one takes some 100 ms. */
const COST_FACTOR = 20;
/** Where something waits for them, a fifth. */
const COMMIT_FACTOR = 4;
const RETRY_MS = 500;

interface Part {
  saved: unknown;
  text: string | undefined;
  provider: (() => string) | undefined;
}

export interface CheckpointParts {
  readonly dir: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the states of all components together, over crashes. */
export class Checkpoint {
  readonly #settings: CheckpointParts;
  readonly #parts = new Map<string, Part>();
  readonly #handles: (FileHandle | undefined)[] = [undefined, undefined];
  #sequence = 0;
  #epoch: number;
  #dirty = false;
  #waiters: PromiseWithResolvers<void>[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** When the last one became durable. */
  #storedAt: number | undefined;
  #cost = 0;
  #running: Promise<void> | undefined;
  #wake = new AbortController();
  readonly #closing = new AbortController();
  #failing = false;
  #healthy = Promise.withResolvers<void>();
  #failures = 0;
  #damaged = 0;

  /** Touches nothing yet; `load` reads what the agent's life before has left. */
  constructor(settings: CheckpointParts) {
    this.#settings = settings;
    this.#epoch = settings.clock.now();
    this.#healthy.resolve();
  }

  /**
   * A number of this life of the agent; it grows with each start, also when the checkpoint was lost (it is the time of the start then, and always
   * but for a clock that was set back).
   */
  get epoch(): number {
    return this.#epoch;
  }

  /** For monitoring. */
  get counters(): AgentCounters {
    const { clock } = this.#settings;
    return {
      CheckpointSequence: this.#sequence,
      CheckpointAgeMs: this.#storedAt === undefined ? -1 : Math.round(clock.monotonic() - this.#storedAt),
      CheckpointFailures: this.#failures,
      CheckpointUnhealthy: this.#failing ? 1 : 0,
      StateDamaged: this.#damaged,
      Epoch: this.#epoch,
    };
  }

  /** Whether checkpoints can be written. */
  get healthy(): boolean {
    return !this.#failing;
  }

  /** Resolves when checkpoints can be written. */
  whenHealthy(): Promise<void> {
    return this.#healthy.promise;
  }

  /** The part of one component; the name says its kind, too. */
  part(name: string): CheckpointPart {
    const state = this.#part(name);
    return {
      get saved(): unknown {
        // The component of an older configuration tells what there is now.
        return state.provider === undefined ? state.saved : (JSON.parse(state.provider()) as unknown);
      },
      provide: (provider) => {
        state.provider = provider;
      },
      changed: () => {
        this.#dirty = true;
        this.#start();
      },
      commit: () => this.commit(),
      damaged: () => {
        this.#damaged++;
      },
    };
  }

  /** What the life before has left, by the part's name. */
  get saved(): ReadonlyMap<string, unknown> {
    return new Map(
      Array.from(this.#parts).flatMap(([name, { saved }]) => (saved === undefined ? [] : [[name, saved]])),
    );
  }

  /** See `CheckpointPart.commit`. */
  commit(): Promise<void> {
    if (this.#isClosed) return Promise.reject(ended());
    const waiter = Promise.withResolvers<void>();
    this.#waiters.push(waiter);
    this.#start();
    // Each abort makes an error: 0.05 ms, and many may wait.
    if (this.#waiters.length === 1) this.#wake.abort();
    return waiter.promise;
  }

  /** Writes a last one, if there is something new. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#closing.abort();
    this.#wake.abort();
    await this.#running;
    if (this.#dirty || this.#waiters.length > 0) await this.#write();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(ended());
    for (const handle of this.#handles) await handle?.close().catch(() => {});
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #part(name: string): Part {
    let part = this.#parts.get(name);
    if (part === undefined) {
      part = { saved: undefined, text: undefined, provider: undefined };
      this.#parts.set(name, part);
    }
    return part;
  }

  #start(): void {
    if (this.#isClosed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty || this.#waiters.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#settings;
    while (!this.#isClosed && (this.#dirty || this.#waiters.length > 0)) {
      if (this.#waiters.length === 0) {
        this.#wake = new AbortController();
        await this.#rest(Math.max(INTERVAL_MS, this.#cost * COST_FACTOR), this.#wake.signal);
      }
      if (this.#waiters.length > 0) await this.#rest(this.#cost * COMMIT_FACTOR, this.#closing.signal);
      if (this.#isClosed) return;
      // Whatever a tick began is complete: nothing is seen by halves.
      await new Promise((resolve) => setImmediate(resolve));
      if (!(await this.#write()) && !this.#isClosed) {
        // Whoever waits for it does not make the disk better: only the end wakes.
        await clock.sleep(RETRY_MS, this.#closing.signal);
      }
    }
  }

  /** Sleeps until so much time has gone by since the last one was taken. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#settings;
    const wait = this.#writtenAt + ms - clock.monotonic();
    if (wait > 0) await clock.sleep(wait, signal);
  }

  /** Takes and writes a checkpoint. Never rejects: false when it could not be written. */
  async #write(): Promise<boolean> {
    const { clock } = this.#settings;
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#dirty = false;
    const start = clock.monotonic();
    this.#writtenAt = start;
    try {
      const sequence = this.#sequence + 1;
      const bytes = this.#render(sequence);
      this.#cost = clock.monotonic() - start;
      faultPoint('before-checkpoint');
      await this.#store(sequence, bytes);
      faultPoint('after-checkpoint');
      this.#sequence = sequence;
      this.#storedAt = clock.monotonic();
    } catch (error) {
      this.#dirty = true;
      this.#waiters = [...waiters, ...this.#waiters];
      this.#failed(error);
      return false;
    }
    this.#succeeded();
    for (const waiter of waiters) waiter.resolve();
    return true;
  }

  #render(sequence: number): Buffer {
    const texts: [string, string][] = [];
    for (const [name, part] of this.#parts) {
      if (part.provider !== undefined) part.text = part.provider();
      if (part.text !== undefined) texts.push([name, part.text]);
    }
    return renderCheckpoint(this.#settings.agent, this.#epoch, sequence, texts);
  }

  async #store(sequence: number, bytes: Buffer): Promise<void> {
    const { dir } = this.#settings;
    const path = checkpointPath(dir, sequence);
    const slot = sequence % 2;
    let handle = this.#handles[slot];
    try {
      handle ??= await openIfThere(path);
      // A file that is made appears with its content: an empty one is damaged, whatever else happened.
      const isNew = handle === undefined;
      handle ??= await open(`${path}.new`, 'w+', 0o640);
      this.#handles[slot] = handle;
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
      await handle.datasync();
      if (isNew) {
        await rename(`${path}.new`, path);
        await syncDirectory(dir);
      }
    } catch (error) {
      this.#handles[slot] = undefined;
      await handle?.close().catch(() => {});
      throw fromSystemError(error, `writing ${path}`);
    }
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (this.#failing) return;
    this.#failing = true;
    this.#healthy = Promise.withResolvers<void>();
    const { log } = this.#settings;
    log.error(
      `the checkpoint cannot be written, sinks wait until it can: ${describeError(error)}.${error instanceof SluiceError ? ` ${error.action}` : ''}`,
    );
  }

  #succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#healthy.resolve();
    this.#settings.log.info('the checkpoint is written again');
  }

  /**
   * Reads what the agent's life before has left. Damaged files are put aside.
   * @throws SluiceError STATE_UNUSABLE when they cannot be read at all
   */
  async load(): Promise<void> {
    const { dir, agent, log } = this.#settings;
    const read = await readCheckpoints(dir);
    let newest: (CheckpointContent & { readonly sequence: number }) | undefined;
    for (const file of read) {
      if (file.state === 'missing') continue;
      if (file.state === 'damaged') {
        this.#damaged++;
        const aside = `${file.path}.damaged`;
        const outcome = await rename(file.path, aside).then(
          () => `it is put aside as ${aside}`,
          (error: unknown) => `it cannot be put aside (${describeError(fromSystemError(error, aside))})`,
        );
        log.error(`${file.path}: ${file.reason}; ${outcome}`);
      } else if (newest === undefined || file.sequence > newest.sequence) {
        newest = { ...file.content, sequence: file.sequence };
      }
    }
    if (newest === undefined) {
      if (this.#damaged > 0) {
        log.error(
          'There is no sound checkpoint: sources begin where their position files say, or anew; files that were open stay as they are, and what they hold may come again',
        );
      }
      return;
    }
    if (this.#damaged > 0) {
      log.warn(
        `The checkpoint before it is used (number ${newest.sequence}). If the damaged one was not just being written, files that were finished since then may be doubled`,
      );
    }
    this.#sequence = newest.sequence;
    this.#epoch = Math.max(this.#epoch, newest.epoch + 1);
    if (newest.agent !== agent) {
      log.warn(
        `The state in ${dir} is that of agent ${newest.agent}; agent ${agent} goes on with it. If both are to run, give each a --state-dir of its own`,
      );
    }
    for (const [name, saved] of Object.entries(newest.parts)) {
      const part = this.#part(name);
      part.saved = saved;
      part.text = JSON.stringify(saved);
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the name of a new file durable. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ended(): SluiceError {
  return new SluiceError('STATE_UNUSABLE', 'the agent ends before its checkpoint could be written');
}
