import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import type { CheckpointPart } from '../component/checkpoint.ts';
import type { Origin } from '../component/source.ts';
import { readAt } from './file-bytes.ts';
import type { Handle } from './handle.ts';
import { Ledger } from './ledger.ts';
import type { TailedFile } from './tailed-file.ts';

/** So much of the first line tells a content from another one. */
const FIRST_LINE_BYTES = 1024;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Names what files hold, so that a line has the same name in every life of the agent, and none that another line had: by device, inode, when the file was made, how
 * often it has begun anew since it is known (one that is cut may begin with the same line each time), and its first line.
 */
export class ContentNames {
  readonly #checkpoint: CheckpointPart;
  readonly #names = new WeakMap<TailedFile, { readonly content: number; readonly name: string }>();
  /** What files held up to this number, a checkpoint knows. */
  #kept = 0;

  constructor(checkpoint: CheckpointPart) {
    this.#checkpoint = checkpoint;
  }

  /**
   * Names what a file holds; it must be open and have a whole line.
   * @throws the error of the system when the file cannot be read
   */
  async learn(file: TailedFile): Promise<void> {
    if (this.#names.get(file)?.content !== file.ledger.content) await this.#name(file);
  }

  /**
   * Where rows come from, of a file whose name was learned.
   * @param offset that of the piece from which `starts` count
   */
  async origin(file: TailedFile, offset: number, starts: Uint32Array, signal: AbortSignal): Promise<Origin> {
    const { name = '' } = this.#names.get(file) ?? {};
    // How often the file began anew must be known to the next life before the first line is out: it would give later content the name of this one.
    if (file.ledger.content > this.#kept) await this.#keep(signal);
    const sequences = new Float64Array(starts.length);
    for (let row = 0; row < sequences.length; row++) sequences[row] = offset + starts[row];
    return { epoch: name, sequences };
  }

  async #name(file: TailedFile): Promise<void> {
    const { handle, id, ledger } = file;
    const { content, generation } = ledger;
    if (handle === undefined) throw new Error(`${file.path} is not open`);
    const { birthtimeNs } = await handle.stat({ bigint: true });
    const line = crc32(await firstLine(handle))
      .toString(16)
      .padStart(8, '0');
    const name = `${id.key}-${birthtimeNs.toString(36)}-${generation}-${line}`;
    this.#names.set(file, { content, name });
  }

  async #keep(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { contents } = Ledger;
    const done = new AbortController();
    const ended = once(signal, 'abort', { signal: done.signal }).catch(() => {});
    try {
      await Promise.race([this.#checkpoint.commit(), ended]);
    } finally {
      done.abort();
    }
    this.#kept = contents;
  }
}

async function firstLine(handle: Handle): Promise<Buffer> {
  const bytes = await readAt(handle, 0, FIRST_LINE_BYTES);
  const end = bytes.findIndex((byte) => byte === LF || byte === CR);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
