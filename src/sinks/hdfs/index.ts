import { createNested, declare } from '../../component/declaration.ts';
import type { FileSystem } from '../../component/file-system.ts';
import type { OpenFormat } from '../../component/format.ts';
import { noSettler, type Settler } from '../../component/settler.ts';
import type { DeliveryWindow, Sink, SinkContext } from '../../component/sink.ts';
import { SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { withCallTimeout } from '../../formats/call-timeout.ts';
import { openCompressedStream } from '../../formats/compressed_stream.ts';
import { Conclusions } from '../../formats/conclusions.ts';
import { openDataStream } from '../../formats/data_stream.ts';
import { deliverWhole, type Written } from '../../formats/deliver-whole.ts';
import type { SettleRows } from '../../formats/event-file.ts';
import { type FileNames, FileRegister } from '../../formats/file-register.ts';
import { Recovery } from '../../formats/recovery.ts';
import { openSequenceFile } from '../../formats/sequence_file.ts';
import { untilAborted } from '../../formats/until-aborted.ts';
import { WorkSlots } from '../../formats/work-slots.ts';
import { Bucket, type Rows } from './bucket.ts';
import { PathTemplate } from './bucket-path.ts';
import { checkOptions, type HdfsValues, options, roundingOf, writeFormatOf } from './options.ts';
import { partition, type Share } from './partition.ts';
import { TimeZone } from './time-zone.ts';

/**
 * hdfs: events into files of a file system (file:, webhdfs:), in folders by escapes of the path, rolled by size, number, age and idleness. A file
 * has another name while it is written to.
 *
 * A delivery is parted by bucket; each bucket writes one file at a time. Rows of a file that fails and that were not confirmed
 * come again into another file, and are cut off the failed one before it gets its final name. The checkpoint knows each file that has not got
 * it; after a crash the next life brings them to their end.
 */

/** How far a clock may be set back without a number being given twice. */
const CLOCK_STEP_MS = 60_000;

/** Rows for a bucket. */
interface Piece extends Rows {
  readonly key: string;
}

const FORMATS: Readonly<Record<HdfsValues['hdfs.fileType'], OpenFormat>> = {
  SequenceFile: openSequenceFile,
  DataStream: openDataStream,
  CompressedStream: openCompressedStream,
};

/** How many files may be about to be made. */
const CREATIONS = 128;

/** Batches above this are not parted into flushes of batchSize. */
const SMALL_BYTES = 65_536;

/** What file systems take, of a folder's name and of a file's. */
const MAX_NAME_BYTES = 255;
/** Of the number in a file name, which is a time in milliseconds. */
const COUNTER_DIGITS = 13;

class HdfsSink implements Sink {
  readonly cutsBack = true;
  readonly window: DeliveryWindow = { rows: Number.POSITIVE_INFINITY, deliveries: 64, bytes: 32 * 1024 * 1024 };
  readonly #values: HdfsValues;
  readonly #context: SinkContext;
  readonly #path: PathTemplate;
  readonly #prefix: PathTemplate;
  readonly #slots: WorkSlots;
  readonly #creations = new WorkSlots(CREATIONS);
  /** By folder and prefix; the one written to last stands last. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #leaving = new Set<Bucket>();
  /** By folder and prefix: when the rows of the bucket before are settled; until they are. */
  readonly #turns = new Map<string, Promise<void>>();
  /**
   * The last number of each folder and prefix, for as long as the clock has not passed it: a number is never given twice, since a file that is
   * being finished may still be cut, renamed or removed by its name.
   */
  readonly #numbers = new Map<string, number>();
  readonly #register: FileRegister;
  readonly #conclusions: Conclusions;
  readonly #recovery: Recovery;
  #underWay = 0;
  #signal: AbortSignal | undefined;

  constructor(values: HdfsValues, context: SinkContext) {
    this.#values = values;
    this.#context = context;
    const settings = {
      timeZone: new TimeZone(values['hdfs.timeZone']),
      rounding: roundingOf(values),
      localTime: values['hdfs.useLocalTimeStamp'] ? () => context.clock.now() : undefined,
      host: context.host,
    };
    this.#path = new PathTemplate(values['hdfs.path'], { ...settings, folders: true, maxPartBytes: MAX_NAME_BYTES });
    const around = this.#names('', '', 0).inUse.length;
    const maxPartBytes = MAX_NAME_BYTES - around - COUNTER_DIGITS;
    this.#prefix = new PathTemplate(values['hdfs.filePrefix'], { ...settings, folders: false, maxPartBytes });
    // A file system that there is not is refused at the start.
    context.fileSystem(values['hdfs.path'].replace(/%.*$/s, ''));
    this.#slots = new WorkSlots(values['hdfs.threadsPoolSize']);
    const { clock, log } = context;
    const register = new FileRegister(context.checkpoint, log);
    this.#register = register;
    const retryMs = values['hdfs.retryInterval'] * 1000;
    const closeTries = values['hdfs.closeTries'];
    this.#conclusions = new Conclusions({
      register,
      clock,
      log,
      tries: retryMs <= 0 ? 1 : closeTries > 0 ? closeTries : Number.POSITIVE_INFINITY,
      retryMs,
      callTimeoutMs: values['hdfs.callTimeout'],
      parallel: values['hdfs.threadsPoolSize'],
    });
    this.#recovery = new Recovery({
      register,
      clock,
      log,
      fileSystem: (url) => context.fileSystem(url).fileSystem,
      doubtful: () => context.counters.EventWriteFail++,
    });
  }

  async open(): Promise<void> {
    this.#recovery.begin(this.#register.open());
  }

  async deliver(batch: EventBatch, signal: AbortSignal, settler = noSettler): Promise<void> {
    this.#heed(signal);
    if (signal.aborted) throw this.#givenUp();
    if (batch.length === 0) return;
    const { clock, log, counters } = this.#context;
    this.#underWay++;
    try {
      // Rows that failed begin a new file, since later rows of the same delivery may stand in the present one.
      let renewed: Set<string> | undefined;
      const write = (piece: Piece): Written<Piece>[] => {
        const { key } = piece;
        if (renewed?.has(key) === false) this.#leave(key);
        renewed?.add(key);
        const written = this.#bucket(key).append(piece);
        return written.map((rows) => ({ piece: { ...rows.piece, key }, done: rows.done }));
      };
      const again = (): void => {
        counters.EventWriteFail++;
        renewed = new Set();
      };
      await deliverWhole(this.#pieces(batch, settler), write, { clock, log, signal, again });
    } catch (error) {
      counters.EventWriteFail++;
      throw error;
    } finally {
      this.#underWay--;
    }
  }

  async maintain(now: number): Promise<void> {
    for (const [key, bucket] of this.#buckets) if (bucket.isOver(now)) this.#leave(key);
    this.#conclusions.retry(now);
    for (const [key, number] of this.#numbers) if (number < now - CLOCK_STEP_MS) this.#numbers.delete(key);
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#heed(signal);
    for (const key of this.#buckets.keys()) this.#leave(key);
    const finished = async (): Promise<void> => {
      await Promise.all(Array.from(this.#leaving, (bucket) => bucket.finish()));
      await this.#conclusions.finish();
    };
    await Promise.all([untilAborted(finished(), signal, this.#context.clock), this.#recovery.end(signal)]);
    this.#conclusions.close();
  }

  #pieces(batch: EventBatch, settler: Settler): Piece[] {
    const step = this.#values['hdfs.batchSize'];
    // A small batch of more than batchSize goes as Flume's transactions would: a flush, and so a member or block, for each.
    const isParted = batch.length > step && batch.retainedBytes <= SMALL_BYTES && this.#underWay === 1;
    const pieces: Piece[] = [];
    for (const share of this.#shares(batch)) {
      const { place: key, batch: rows } = share;
      const settle = settleBy(settler, share);
      const size = isParted ? step : rows.length;
      for (let from = 0; from < rows.length; from += size) {
        pieces.push({ key, batch: rows, from, to: Math.min(from + size, rows.length), unit: isParted, settle });
      }
    }
    return pieces;
  }

  /** The rows by bucket. */
  #shares(batch: EventBatch): Share<string>[] {
    if (this.#path.isConstant(batch) && this.#prefix.isConstant(batch)) {
      return [{ place: this.#keyOf(batch, 0), batch, first: 0, rows: undefined }];
    }
    return partition(batch, (row) => this.#keyOf(batch, row));
  }

  #keyOf(batch: EventBatch, row: number): string {
    return `${this.#path.fill(batch, row)}\n${this.#prefix.fill(batch, row)}`;
  }

  #bucket(key: string): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined && !known.failed) {
      // Last in the order of use.
      this.#buckets.delete(key);
      this.#buckets.set(key, known);
      return known;
    }
    this.#leave(key);
    while (this.#buckets.size >= this.#values['hdfs.maxOpenFiles']) {
      this.#leave(this.#buckets.keys().next().value!);
    }
    const bucket = this.#newBucket(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #newBucket(key: string): Bucket {
    const values = this.#values;
    const context = this.#context;
    const at = key.indexOf('\n');
    const { fileSystem, path } = context.fileSystem(key.slice(0, at));
    let number = context.clock.now();
    return new Bucket({
      settings: {
        rollCount: values['hdfs.rollCount'],
        rollSize: values['hdfs.rollSize'],
        rollIntervalMs: values['hdfs.rollInterval'] * 1000,
        idleTimeoutMs: values['hdfs.idleTimeout'] * 1000,
      },
      nextNames: () => {
        number = Math.max(number, this.#numbers.get(key) ?? 0) + 1;
        this.#numbers.set(key, number);
        return this.#names(path, key.slice(at + 1), number);
      },
      file: {
        fileSystem: this.#impatient(fileSystem),
        register: this.#register,
        openFormat: (file, batch) =>
          FORMATS[values['hdfs.fileType']](
            file,
            {
              serializer: createNested('serializer', values.serializer, context),
              codec: values['hdfs.codeC'],
              writeFormat: writeFormatOf(values),
              now: () => context.clock.now(),
            },
            batch,
          ),
        slots: this.#slots,
        creations: this.#creations,
        clock: context.clock,
        atRest: () => this.#underWay <= 1,
        opened: () => context.counters.ConnectionCreatedCount++,
        openFailed: () => context.counters.ConnectionFailedCount++,
      },
      before: this.#turns.get(key),
      conclude: async (end, nextTarget) => {
        if (end.opened) context.counters.ConnectionClosedCount++;
        await this.#conclusions.conclude(end, fileSystem, nextTarget);
      },
    });
  }

  #names(folder: string, prefix: string, counter: number): FileNames {
    const values = this.#values;
    const suffix = values['hdfs.fileSuffix'] || (values['hdfs.codeC']?.extension ?? '');
    const name = `${prefix}.${counter}${suffix}`;
    const inUseSuffix = values['hdfs.emptyInUseSuffix'] ? '' : values['hdfs.inUseSuffix'];
    const base = folder === '/' ? '' : folder;
    return { inUse: `${base}/${values['hdfs.inUsePrefix']}${name}${inUseSuffix}`, final: `${base}/${name}` };
  }

  /** The file system with hdfs.callTimeout around the making of files. */
  #impatient(fileSystem: FileSystem): Pick<FileSystem, 'url' | 'create' | 'stat'> {
    const ms = this.#values['hdfs.callTimeout'];
    const { clock } = this.#context;
    return {
      url: fileSystem.url,
      stat: (path) => withCallTimeout(ms, clock, `looking at ${path}`, fileSystem.stat(path)),
      create: (path) =>
        withCallTimeout(ms, clock, `making ${path}`, fileSystem.create(path), async (late) => {
          await late.abandon();
          await fileSystem.remove(path).catch(() => {});
        }),
    };
  }

  /** Finishes a bucket, if there is one. */
  #leave(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    this.#buckets.delete(key);
    this.#leaving.add(bucket);
    void bucket.finish().then(() => this.#leaving.delete(bucket));
    const turn = bucket.settled;
    if (turn === undefined) return;
    this.#turns.set(key, turn);
    void turn.then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    });
  }

  /** Gives up with the signal, rather than hang with a stalled file system. */
  #heed(signal: AbortSignal): void {
    if (signal === this.#signal) return;
    this.#signal = signal;
    const abort = (): void => {
      for (const bucket of [...this.#buckets.values(), ...this.#leaving]) bucket.abort(this.#givenUp());
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  #givenUp(): SluiceError {
    return new SluiceError('FILE_SYSTEM', `given up: the time to stop is over (${this.#values['hdfs.path']})`);
  }
}

/** Settles rows of a share as those that they are in the delivery. */
function settleBy(settler: Settler, { first, rows }: Share<string>): SettleRows {
  if (settler === noSettler) return () => {};
  if (rows === undefined) return (from, to) => settler.settle(first + from, first + to);
  return (from, to) => settler.settleRows(rows.subarray(from, to));
}

/** `type = hdfs`. */
export const hdfs = declare('sink', {
  type: 'hdfs',
  classNames: ['org.apache.flume.sink.hdfs.HDFSEventSink'],
  summary: 'Writes events into files of HDFS or a local folder, rolled by size, number, age and idleness.',
  options,
  check: checkOptions,
  batchSize: (values) => values['hdfs.batchSize'],
  create: (values, context) => new HdfsSink(values, context),
});
