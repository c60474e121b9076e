import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { CheckpointPart } from '../component/checkpoint.ts';
import type { Clock, Logger } from '../component/context.ts';
import { faultPoint } from '../component/fault-point.ts';
import { describeError, fromSystemError, SluiceError } from '../errors.ts';

/*
 * The agent's checkpoint: where every source stands, up to where every open file is durable, what is being renamed, all read in one go. Two files
 * in the state directory are written in turn, each as a whole:
 *
 *     sluice-checkpoint <version> <sequence> <bytes of the body> <CRC-32 of all three and the body, 8 hexadecimal digits>\n
 *     {"agent":…,"epoch":…,"parts":{"source.r1":…,"sink.k1":…}}
 *
 * The one with the higher sequence is the present one. A crash in the middle of a write leaves the other one whole, and nothing that had to wait for the new one
 * has happened then. What lies behind the body is left over from a longer one.
 */

const VERSION = 1;
const NAMES = ['checkpoint.0', 'checkpoint.1'] as const;
/** Progress is written down about so often; what waits for it is not kept. */
const INTERVAL_MS = 50;
/** Taking checkpoints costs a twentieth of the time at the most: with a hundred thousand files one takes some 100 ms. */
const COST_FACTOR = 20;
const RETRY_MS = 500;

interface Content {
  readonly epoch: number;
  readonly parts: Readonly<Record<string, unknown>>;
}

interface Found extends Content {
  readonly sequence: number;
}

/** What a checkpoint file holds. */
export type ReadCheckpoint =
  | { readonly path: string; readonly state: 'missing' }
  | { readonly path: string; readonly state: 'damaged'; readonly reason: string }
  | { readonly path: string; readonly state: 'sound'; readonly sequence: number; readonly content: Content };

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
  /** Grows with each start of the agent. */
  #epoch = 1;
  #dirty = false;
  #waiters: PromiseWithResolvers<void>[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  #cost = 0;
  #running: Promise<void> | undefined;
  #wake = new AbortController();
  #closed = false;
  #failing = false;
  #healthy = Promise.withResolvers<void>();
  /** Files of the state directory that were found damaged at the start. */
  damaged = 0;

  /** Touches nothing yet; `load` reads what the agent's life before has left. */
  constructor(settings: CheckpointParts) {
    this.#settings = settings;
    this.#healthy.resolve();
  }

  get epoch(): number {
    return this.#epoch;
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
    };
  }

  /** Parts of the last life that no component has taken up. */
  get orphans(): readonly string[] {
    return Array.from(this.#parts, ([name, { provider }]) => (provider === undefined ? [name] : [])).flat();
  }

  /** See `CheckpointPart.commit`. */
  commit(): Promise<void> {
    if (this.#closed) return Promise.reject(ended());
    const waiter = Promise.withResolvers<void>();
    this.#waiters.push(waiter);
    this.#start();
    this.#wake.abort();
    return waiter.promise;
  }

  /** Writes a last one, if there is something new. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake.abort();
    await this.#running;
    if (this.#dirty || this.#waiters.length > 0) await this.#write();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(ended());
    for (const handle of this.#handles) await handle?.close().catch(() => {});
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
    if (this.#closed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty || this.#waiters.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#settings;
    while (!this.#closed && (this.#dirty || this.#waiters.length > 0)) {
      if (this.#waiters.length === 0) {
        const due = this.#writtenAt + Math.max(INTERVAL_MS, this.#cost * COST_FACTOR);
        this.#wake = new AbortController();
        await clock.sleep(due - clock.monotonic(), this.#wake.signal);
      }
      if (this.#closed) return;
      // Whatever a tick began is complete: nothing is seen by halves.
      await new Promise((resolve) => setImmediate(resolve));
      if (!(await this.#write()) && !this.#closed) {
        this.#wake = new AbortController();
        await clock.sleep(RETRY_MS);
      }
    }
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
      await this.#store(sequence % 2, bytes);
      faultPoint('after-checkpoint');
      this.#sequence = sequence;
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
    const parts: string[] = [];
    for (const [name, part] of this.#parts) {
      if (part.provider !== undefined) part.text = part.provider();
      if (part.text !== undefined) parts.push(`${JSON.stringify(name)}:${part.text}`);
    }
    const { agent } = this.#settings;
    const body = Buffer.from(
      `{"agent":${JSON.stringify(agent)},"epoch":${this.#epoch},"parts":{\n${parts.join(',\n')}\n}}\n`,
    );
    const head = `${VERSION} ${sequence} ${body.length}`;
    return Buffer.concat([Buffer.from(`sluice-checkpoint ${head} ${checksum(head, body)}\n`), body]);
  }

  async #store(slot: number, bytes: Buffer): Promise<void> {
    const path = join(this.#settings.dir, NAMES[slot]!);
    let handle = this.#handles[slot];
    try {
      handle ??= await open(path, 'r+').catch(() => open(path, 'w+', 0o640));
      this.#handles[slot] = handle;
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
      await handle.datasync();
    } catch (error) {
      this.#handles[slot] = undefined;
      await handle?.close().catch(() => {});
      throw fromSystemError(error, `writing ${path}`);
    }
  }

  #failed(error: unknown): void {
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
    const { dir, log } = this.#settings;
    const read = await readCheckpoints(dir);
    let newest: Found | undefined;
    for (const file of read) {
      if (file.state === 'missing') continue;
      if (file.state === 'damaged') {
        this.damaged++;
        const aside = `${file.path}.damaged`;
        await rename(file.path, aside).catch(() => {});
        log.error(`${file.path}: ${file.reason}; it is put aside as ${aside}`);
      } else if (newest === undefined || file.sequence > newest.sequence) {
        newest = { ...file.content, sequence: file.sequence };
      }
    }
    if (newest === undefined) {
      if (this.damaged > 0) {
        log.error(
          'There is no sound checkpoint: sources begin where their position files say, or anew; files that were open stay as they are, and what they hold may come again',
        );
      }
      return;
    }
    if (this.damaged > 0) {
      log.warn(
        `The checkpoint before it is used (number ${newest.sequence}). If the damaged one was not just being written, files that were finished since then may be doubled`,
      );
    }
    this.#sequence = newest.sequence;
    this.#epoch = newest.epoch + 1;
    for (const [name, saved] of Object.entries(newest.parts)) {
      const part = this.#part(name);
      part.saved = saved;
      part.text = JSON.stringify(saved);
    }
  }
}

/** Reads both files of a state directory, for the agent and for whoever wants to look. */
export function readCheckpoints(dir: string): Promise<ReadCheckpoint[]> {
  return Promise.all(NAMES.map((name) => readCheckpoint(join(dir, name))));
}

async function readCheckpoint(path: string): Promise<ReadCheckpoint> {
  let bytes: Buffer;
  try {
    const handle = await open(path, 'r');
    try {
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, state: 'missing' };
    throw new SluiceError('STATE_UNUSABLE', path, fromSystemError(error, `reading ${path}`));
  }
  const damaged = (reason: string): ReadCheckpoint => ({ path, state: 'damaged', reason });
  const match = /^sluice-checkpoint (\d{1,9}) (\d{1,15}) (\d{1,12}) ([0-9a-f]{8})\n/.exec(
    bytes.toString('latin1', 0, 80),
  );
  if (match === null) return damaged('it is damaged (its first line is none of a checkpoint)');
  const [line, version, sequence, length, sum] = match;
  const body = bytes.subarray(line.length, line.length + Number(length));
  const head = `${version} ${sequence} ${length}`;
  if (body.length < Number(length)) return damaged(`it is cut off (${body.length} of ${length} bytes)`);
  if (checksum(head, body) !== sum) return damaged('it is damaged (its checksum is wrong)');
  if (Number(version) > VERSION) {
    return damaged(`a later version of Sluice wrote it (format ${version}, this one knows ${VERSION})`);
  }
  try {
    const content = JSON.parse(body.toString()) as Content;
    return { path, state: 'sound', sequence: Number(sequence), content };
  } catch {
    return damaged('it is damaged (its content is no JSON)');
  }
}

function checksum(head: string, body: Buffer): string {
  return crc32(body, crc32(`${head}\n`))
    .toString(16)
    .padStart(8, '0');
}

function ended(): SluiceError {
  return new SluiceError('STATE_UNUSABLE', 'the agent ends before its checkpoint could be written');
}
