import { createNested, declare } from '../component/declaration.ts';
import type { FileSystem } from '../component/file-system.ts';
import { noSettler } from '../component/settler.ts';
import type { DeliveryWindow, Sink, SinkContext } from '../component/sink.ts';
import { describeError, SluiceError } from '../errors.ts';
import { EventBatch } from '../event/event-batch.ts';
import { Conclusions } from '../formats/conclusions.ts';
import { openDataStream } from '../formats/data_stream.ts';
import { deliverWhole } from '../formats/deliver-whole.ts';
import { EventFile } from '../formats/event-file.ts';
import { FileRegister } from '../formats/file-register.ts';
import { Recovery } from '../formats/recovery.ts';
import { untilAborted } from '../formats/until-aborted.ts';
import { WorkSlots } from '../formats/work-slots.ts';
import { bool, choice, integer, nested, type OptionValues, text } from '../options/option.ts';

/**
 * file_roll: events into files of a local folder, a new file whenever an interval is over. The checkpoint knows how far each file that is not
 * finished is durable; after a crash the next life cuts it back to there.
 */

const options = {
  'sink.directory': text({ required: true, doc: 'The folder for the files; it must exist.' }),
  'sink.rollInterval': integer({
    default: 30,
    min: 0,
    unit: 's',
    doc: 'After this time a new file is begun; 0: everything goes into one.',
  }),
  'sink.batchSize': integer({
    default: 100,
    min: 1,
    unit: 'events',
    doc: 'How many events may be unflushed at low load; under load one flush confirms all that has gathered.',
  }),
  'sink.serializer': nested({ component: 'serializer', default: 'TEXT', doc: 'How events become bytes.' }),
  'sink.pathManager': choice(['DEFAULT', 'ROLLTIME'], {
    default: 'DEFAULT',
    doc: 'How files are named: by the time of the start (milliseconds), or by the time at which each was begun (yyyyMMddHHmmss); behind it a dash and a number.',
  }),
  'sink.pathManager.prefix': text({ default: '', doc: 'Stands before each file name.' }),
  'sink.pathManager.extension': text({ default: '', doc: 'Stands behind each file name, after a dot.' }),
  'sink.emptyFiles': bool({
    default: true,
    ours: true,
    doc: 'Whether a file is begun even when there is no event for it, as Flume does; false begins it with its first event.',
  }),
};

type Values = OptionValues<typeof options>;

/** After this time a file that could not be cut back is tried again. */
const RETRY_MS = 30_000;
/** How many files are worked on at a time: the present one, and one that is being finished. */
const PARALLEL = 2;

const NO_EVENTS = new EventBatch({ body: Buffer.alloc(0), starts: new Uint32Array(0), ends: new Uint32Array(0) });

/** Rows of a delivery. */
interface Piece {
  readonly from: number;
  readonly to: number;
  /** Whether a flush shall follow at once, if the sink is at rest. */
  readonly unit: boolean;
}

class FileRollSink implements Sink {
  readonly cutsBack = true;
  readonly window: DeliveryWindow = { rows: Number.POSITIVE_INFINITY, deliveries: 64, bytes: 32 * 1024 * 1024 };
  readonly #values: Values;
  readonly #context: SinkContext;
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #nextName: () => string;
  readonly #slots = new WorkSlots(PARALLEL);
  readonly #register: FileRegister;
  readonly #creations = new WorkSlots(PARALLEL);
  readonly #conclusions: Conclusions;
  readonly #recovery: Recovery;
  #file: EventFile | undefined;
  /** Files that are being finished. */
  readonly #leaving = new Set<EventFile>();
  /** When the rows of the file before are settled. */
  #turn: Promise<void> | undefined;
  #rollAt = Number.POSITIVE_INFINITY;
  #underWay = 0;
  #signal: AbortSignal | undefined;

  constructor(values: Values, context: SinkContext) {
    this.#values = values;
    this.#context = context;
    const place = context.fileSystem(asUrl(values['sink.directory']));
    this.#fileSystem = place.fileSystem;
    this.#directory = place.path.replace(/(?<=.)\/+$/, '');
    this.#nextName = fileNames(values, context);
    const { clock, log } = context;
    const register = new FileRegister(context.checkpoint, log);
    this.#register = register;
    const tries = { tries: Number.POSITIVE_INFINITY, retryMs: RETRY_MS, callTimeoutMs: 0, parallel: PARALLEL };
    this.#conclusions = new Conclusions({ register, clock, log, ...tries });
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
    const status = await this.#fileSystem.stat(this.#directory);
    if (status?.directory !== true) {
      throw new SluiceError('FILE_NOT_FOUND', `sink.directory: there is no folder ${this.#directory}`);
    }
    if (this.#values['sink.rollInterval'] > 0) {
      this.#rollAt = this.#context.clock.now() + this.#values['sink.rollInterval'] * 1000;
    }
    if (this.#values['sink.emptyFiles']) await this.#current().open(NO_EVENTS);
  }

  async deliver(batch: EventBatch, signal: AbortSignal, settler = noSettler): Promise<void> {
    this.#heed(signal);
    if (signal.aborted) throw this.#givenUp();
    const { clock, log, counters } = this.#context;
    this.#roll(clock.now());
    this.#underWay++;
    const settle = (from: number, to: number): void => settler.settle(from, to);
    try {
      await deliverWhole(
        this.#pieces(batch),
        (piece) => [{ piece, done: this.#current().append(batch, piece.from, piece.to, piece.unit, settle) }],
        { clock, log, signal, again: () => counters.EventWriteFail++ },
      );
    } catch (error) {
      counters.EventWriteFail++;
      throw error;
    } finally {
      this.#underWay--;
    }
  }

  async maintain(now: number): Promise<void> {
    this.#roll(now);
    this.#conclusions.retry(now);
    // Once for each interval: after a failure the next delivery tries.
    if (this.#values['sink.emptyFiles'] && this.#file === undefined) {
      this.#current()
        .open(NO_EVENTS)
        .catch((error) => this.#context.log.warn(`no new file: ${describeError(error)}`));
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#heed(signal);
    void this.#leave();
    const finished = async (): Promise<void> => {
      await Promise.all(Array.from(this.#leaving, (file) => file.finish()));
      await this.#conclusions.finish();
    };
    await Promise.all([untilAborted(finished(), signal, this.#context.clock), this.#recovery.end(signal)]);
    this.#conclusions.close();
  }

  #pieces(batch: EventBatch): readonly Piece[] {
    const step = this.#values['sink.batchSize'];
    if (batch.length <= step || batch.retainedBytes > 65_536 || this.#underWay > 1) {
      return [{ from: 0, to: batch.length, unit: false }];
    }
    // A small batch of more than batchSize goes as Flume's transactions would: a flush, and so a block of a container, for each.
    const pieces: Piece[] = [];
    for (let from = 0; from < batch.length; from += step) {
      pieces.push({ from, to: Math.min(from + step, batch.length), unit: true });
    }
    return pieces;
  }

  /** Gives up with the signal, rather than hang with a stalled disk. */
  #heed(signal: AbortSignal): void {
    if (signal === this.#signal) return;
    this.#signal = signal;
    const abort = (): void => {
      for (const file of [this.#file, ...this.#leaving]) file?.abort(this.#givenUp());
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  #givenUp(): SluiceError {
    return new SluiceError('FILE_SYSTEM', `given up: the time to stop is over (${this.#directory})`);
  }

  #current(): EventFile {
    if (this.#file !== undefined && !this.#file.ended) return this.#file;
    void this.#leave();
    const { counters, clock } = this.#context;
    this.#file = new EventFile({
      fileSystem: this.#fileSystem,
      register: this.#register,
      before: this.#turn,
      nextNames: () => {
        const path = `${this.#directory}/${this.#nextName()}`;
        return { inUse: path, final: path };
      },
      openFormat: (file, first) =>
        openDataStream(
          file,
          {
            serializer: createNested('serializer', this.#values['sink.serializer'], this.#context),
            codec: undefined,
            writeFormat: 'Writable',
            now: () => clock.now(),
          },
          first,
        ),
      slots: this.#slots,
      creations: this.#creations,
      clock,
      atRest: () => this.#underWay <= 1,
      opened: () => counters.ConnectionCreatedCount++,
      openFailed: () => counters.ConnectionFailedCount++,
      // A file that failed is cut back to the rows that were confirmed: the others come again, into the next one.
      conclude: async (end) => {
        if (end.opened) counters.ConnectionClosedCount++;
        await this.#conclusions.conclude(end, this.#fileSystem, () => end.file!.path);
      },
    });
    this.#turn = this.#file.settled;
    return this.#file;
  }

  #roll(now: number): void {
    const interval = this.#values['sink.rollInterval'] * 1000;
    // Farther away than that: the clock was set back.
    const isDue = now >= this.#rollAt || now < this.#rollAt - interval;
    if (!isDue || !Number.isFinite(this.#rollAt)) return;
    this.#rollAt += Math.ceil((now - this.#rollAt + 1) / interval) * interval;
    void this.#leave();
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    this.#leaving.add(file);
    await file.finish();
    this.#leaving.delete(file);
  }
}

/** A local path as a URL, whatever `fs.defaultFS` says: file_roll writes to the local disk. */
function asUrl(directory: string): string {
  return directory.startsWith('/') ? `file://${directory}` : directory;
}

function fileNames(values: Values, context: SinkContext): () => string {
  const prefix = values['sink.pathManager.prefix'];
  const extension = values['sink.pathManager.extension'];
  const suffix = extension === '' ? '' : `.${extension}`;
  const started = context.clock.now();
  let last = '';
  let number = 0;
  return () => {
    const time = values['sink.pathManager'] === 'DEFAULT' ? String(started) : stamp(new Date(context.clock.now()));
    if (time !== last) number = 0;
    last = time;
    number++;
    return `${prefix}${time}-${number}${suffix}`;
  };
}

/** yyyyMMddHHmmss in the zone of the process. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    String(date.getFullYear()) +
    two(date.getMonth() + 1) +
    two(date.getDate()) +
    two(date.getHours()) +
    two(date.getMinutes()) +
    two(date.getSeconds())
  );
}

/** `type = file_roll`. */
export const fileRoll = declare('sink', {
  type: 'file_roll',
  classNames: ['org.apache.flume.sink.RollingFileSink'],
  summary: 'Writes events into files of a local folder; a new file at each interval.',
  options,
  batchSize: (values) => values['sink.batchSize'],
  create: (values, context) => new FileRollSink(values, context),
});
