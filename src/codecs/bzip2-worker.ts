import { parentPort } from 'node:worker_threads';

/** The thread of `bzip2-pool.ts`: takes bytes, answers with a bzip2 stream of them. */

export interface Bzip2Request {
  readonly id: number;
  readonly raw: Uint8Array;
}

export interface Bzip2Answer {
  readonly id: number;
  readonly packed?: Uint8Array<ArrayBuffer>;
  /** The optional package is not there. */
  readonly missing?: boolean;
  readonly problem?: string;
}

interface Bzip2 {
  init(): Promise<void>;
  compress(raw: Uint8Array, level: number, room: number): Uint8Array<ArrayBuffer>;
}

const HIGHEST_LEVEL = 9;

async function load(): Promise<Bzip2> {
  // The package has no types, and may be missing.
  const name: string = 'bzip2-wasm';
  const loaded = (await import(name)) as { default: new () => Bzip2 };
  const bzip2 = new loaded.default();
  await bzip2.init();
  return bzip2;
}

let loading: Promise<Bzip2> | undefined;

async function answer(request: Bzip2Request): Promise<Bzip2Answer> {
  try {
    loading ??= load();
    const bzip2 = await loading;
    // What bzip2 asks for bytes that do not shrink: a hundredth and 600 bytes more.
    const room = request.raw.length + Math.ceil(request.raw.length / 100) + 600;
    return { id: request.id, packed: bzip2.compress(request.raw, HIGHEST_LEVEL, room) };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    return { id: request.id, missing, problem: String(error) };
  }
}

parentPort?.on('message', async (request: Bzip2Request) => {
  const result = await answer(request);
  parentPort?.postMessage(result, result.packed === undefined ? [] : [result.packed.buffer]);
});
