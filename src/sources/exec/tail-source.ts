import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { CheckpointPart } from '../../component/checkpoint.ts';
import type { Source, SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError } from '../../errors.ts';
import { type FileGroup, fileId } from '../../tail/file-groups.ts';
import { joiningOf } from '../../tail/multiline-options.ts';
import { PositionFile } from '../../tail/positions.ts';
import { TailReader } from '../../tail/tail-reader.ts';
import type { ExecOptions } from './options.ts';
import { recode } from './recode.ts';
import type { TailCommand } from './tail-command.ts';
import { tailOffset } from './tail-offset.ts';

/** Where the kernel reports nothing, as on a network's disk, a tail looks once a second. */
const RESCAN_MS = 1000;
const IDLE_MS = 120_000;
const WRITE_POSITIONS_MS = 3000;
const MAX_OPEN_FILES = 512;

/**
 * A `tail` of files without the command. In its first life a file is begun where the command would begin; later on, where it was. The name is
 * followed, with `-f` too: nobody who tails a log wants to lose it when it is rotated.
 */
export class TailSource implements Source {
  readonly #tail: TailCommand;
  readonly #options: ExecOptions;
  readonly #context: SourceContext;
  readonly #files: readonly string[];
  readonly #part: TailPart;
  /** For a life that finds no sound checkpoint. */
  readonly #positionFile: string;
  #reader: TailReader | undefined;
  /** Files were begun of which no checkpoint knows where. */
  #isNew = false;

  constructor(tail: TailCommand, options: ExecOptions, context: SourceContext) {
    this.#tail = tail;
    this.#options = options;
    this.#context = context;
    this.#files = [...new Set(tail.files.map((file) => resolve(file)))];
    this.#part = new TailPart(context.checkpoint, this.#files);
    this.#positionFile = join(context.stateDir, `exec-${encodeURIComponent(context.name)}.positions`);
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { log, stateDir } = this.#context;
    const files = this.#files.join(', ');
    log.info(`Exec source starting with command: ${this.#options.command}`);
    log.info(
      `no command is run: Sluice itself reads ${files} and keeps its positions in ${stateDir}; nativeTail = false runs the command`,
    );
    if (this.#tail.hasTitles) log.info('the lines ==> FILE <== that tail prints between the files are left out');
    this.#reader ??= await this.#makeReader();
    await this.#reader.run(this.#outputTo(out), signal);
  }

  async #makeReader(): Promise<TailReader> {
    const { batchSize, maxLineLength, longLine } = this.#options;
    const offsets = await this.#beginnings();
    // It is nobody's deed if it is missing yet. A folder that cannot be written is reported when there are positions.
    await writeFile(this.#positionFile, '[]', { flag: 'wx' }).catch(() => {});
    return new TailReader(
      {
        groups: groupsOf(this.#files),
        positionFile: this.#positionFile,
        skipToEnd: false,
        firstPosition: ({ id, size }) => {
          const offset = offsets.get(id.key);
          // Shorter than a moment ago: it was cut, and what is there is new.
          return offset === undefined || offset > size ? 0 : offset;
        },
        awaitsFolders: true,
        bareCr: true,
        countsBatches: false,
        byteOffsetHeader: false,
        fileHeader: false,
        fileHeaderKey: 'file',
        idleTimeout: IDLE_MS,
        writePosInterval: WRITE_POSITIONS_MS,
        batchSize,
        maxBatchCount: 0,
        maxLineLength,
        longLine,
        lines: { format: 'plain', ...joiningOf(this.#options), streamHeader: '', timeHeader: '' },
        maxOpenFiles: MAX_OPEN_FILES,
        rescanInterval: RESCAN_MS,
      },
      { ...this.#context, checkpoint: this.#part },
    );
  }

  /**
   * Where to begin with the files that are there and that no earlier life has known, by what they are. Under a name that is known there is a new file when
   * there is no position for it: it came while nobody looked, and is read from its start.
   */
  async #beginnings(): Promise<Map<string, number>> {
    const { log } = this.#context;
    const known = this.#part.knownFiles ?? (await this.#filesWithPosition());
    const offsets = new Map<string, number>();
    for (const path of this.#files) {
      try {
        const stats = await stat(path, { bigint: true });
        if (known.has(path) || !stats.isFile()) continue;
        this.#isNew = true;
        offsets.set(fileId(stats).key, await tailOffset(path, Number(stats.size), this.#tail.beginning));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') log.warn(`${path} is not there yet; it is waited for`);
        else log.warn(`${path} cannot be read yet, it is read from its start later: ${describeError(error)}`);
      }
    }
    return offsets;
  }

  async #filesWithPosition(): Promise<ReadonlySet<unknown>> {
    const positions = await new PositionFile(this.#positionFile, this.#context.log).load();
    return new Set(positions?.map(({ file }) => file));
  }

  /** As the output of a command would come. */
  #outputTo(out: SourceOutput): SourceOutput {
    const { charset } = this.#options;
    return {
      wantsOrigin: out.wantsOrigin,
      ready: () => out.ready(),
      emit: async (batch, options) => {
        // Where a file was begun must be known before the first of its lines is out: the next life would begin elsewhere.
        if (this.#isNew) await this.#context.checkpoint.commit();
        this.#isNew = false;
        const recoded = recode(batch, charset);
        return out.emit(recoded, recoded === batch ? options : { ...options, ownsMemory: false });
      },
    };
  }
}

/** The files by folder: only these names are read. */
function groupsOf(files: readonly string[]): FileGroup[] {
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    const dir = dirname(file);
    const set = names.get(dir);
    if (set === undefined) names.set(dir, new Set([basename(file)]));
    else set.add(basename(file));
  }
  return Array.from(names, ([dir, set]) => ({ name: dir, dir, matches: (name) => set.has(name), headers: [] }));
}

/** The reader's part of the checkpoint, and in it the names that were tailed: a part of TAILDIR is taken up, and the other way round. */
class TailPart implements CheckpointPart {
  readonly #part: CheckpointPart;
  readonly #names: string;

  constructor(part: CheckpointPart, files: readonly string[]) {
    this.#part = part;
    this.#names = JSON.stringify(files);
  }

  get saved(): unknown {
    return this.#part.saved;
  }

  /** The files that an earlier life tailed; `undefined` when there is no telling. */
  get knownFiles(): ReadonlySet<unknown> | undefined {
    const { saved } = this.#part;
    const names = typeof saved === 'object' && saved !== null && 'tailed' in saved ? saved.tailed : undefined;
    return Array.isArray(names) ? new Set(names) : undefined;
  }

  provide(state: () => string): void {
    // The reader's is an object that is never empty.
    this.#part.provide(() => `{"tailed":${this.#names},${state().slice(1)}`);
    this.#part.changed();
  }

  changed(): void {
    this.#part.changed();
  }

  commit(): Promise<void> {
    return this.#part.commit();
  }

  damaged(): void {
    this.#part.damaged();
  }
}
