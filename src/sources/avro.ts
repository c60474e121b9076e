import { declare } from '../component/declaration.ts';
import type { EmitOptions, Source, SourceContext, SourceOutput } from '../component/source.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import type { Receipt } from '../event/receipt.ts';
import { bool, choice, integer, type OptionValues, text } from '../options/option.ts';
import { DEFAULT_MAX_FRAME_BYTES } from '../rpc/avro/pack.ts';
import type { Status } from '../rpc/avro/protocol.ts';
import { AvroServer } from '../rpc/avro/server.ts';
import { IpFilter } from '../rpc/ip-filter.ts';
import { checkServerTls, serverTls, serverTlsOptions } from '../rpc/tls/settings.ts';

/**
 * Takes events from Flume's Avro sinks and clients, and from Sluice's. A request is answered OK when every channel has accepted its
 * events (or when they are durable, see `ack`), FAILED when a channel had no room within its keep-alive.
 */

const options = {
  bind: text({ required: true, doc: 'The address or host name to listen on; 0.0.0.0 is every address.' }),
  port: integer({ required: true, min: 0, max: 65535, doc: 'The port to listen on.' }),
  threads: integer({ default: 0, min: 0, doc: 'Without effect, as in Flume 1.11.' }),
  'compression-type': choice(['none', 'deflate'], {
    default: 'none',
    doc: 'Must be the same at both ends.',
  }),
  ...serverTlsOptions,
  ipFilter: bool({ default: false, doc: 'Look at ipFilterRules.' }),
  ipFilterRules: text({
    doc: 'Who may connect: <allow|deny>:<ip|name>:<pattern>, separated by commas. The first that matches decides; otherwise allowed.',
  }),
  ack: choice(['accepted', 'durable'], {
    default: 'accepted',
    ours: true,
    doc: 'When a request is answered OK: when the channels have accepted its events, or when they are durable behind them.',
  }),
  'max-frame-size': integer({
    default: DEFAULT_MAX_FRAME_BYTES,
    min: 1024,
    max: 2 ** 31 - 1,
    unit: 'bytes',
    ours: true,
    doc: 'The largest request; a larger one ends its connection.',
  }),
  'max-connections': integer({
    default: 1000,
    min: 1,
    ours: true,
    doc: 'How many connections are open at a time; more are refused.',
  }),
  'stall-timeout': integer({
    default: 60_000,
    min: 100,
    unit: 'ms',
    ours: true,
    doc: 'A peer that stops in the middle of a request or of the TLS handshake is dropped after this time.',
  }),
  'idle-timeout': integer({
    default: 0,
    min: 0,
    unit: 'ms',
    ours: true,
    doc: 'A peer that is silent between requests is dropped after this time; 0: never, for a sink without events is silent.',
  }),
  'max-in-flight-bytes': integer({
    default: 8 << 20,
    min: 1,
    unit: 'bytes',
    ours: true,
    doc: 'How much may wait for the channels; then no connection is read from.',
  }),
};

const FOR_CLIENT: EmitOptions = { forClient: true, ownsMemory: true };

class AvroSource implements Source {
  readonly #options: OptionValues<typeof options>;
  readonly #context: SourceContext;
  readonly #filter: IpFilter | undefined;

  constructor(values: OptionValues<typeof options>, context: SourceContext) {
    this.#options = values;
    this.#context = context;
    const rules = values.ipFilter ? values.ipFilterRules : undefined;
    const filter = rules === undefined ? undefined : IpFilter.parse(rules);
    if (typeof filter === 'string') throw new SluiceError('CONFIG_INVALID', `ipFilterRules: ${filter}`);
    this.#filter = filter;
    checkServerTls(values, context);
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { log, clock, counters } = this.#context;
    const settings = this.#options;
    const tls = serverTls(settings, this.#context);
    const server = await AvroServer.listen({
      host: settings.bind,
      port: settings.port,
      deflate: settings['compression-type'] === 'deflate',
      tls,
      filter: this.#filter,
      maxFrameBytes: settings['max-frame-size'],
      maxConnections: settings['max-connections'],
      stallTimeoutMs: settings['stall-timeout'],
      idleTimeoutMs: settings['idle-timeout'],
      maxInFlightBytes: settings['max-in-flight-bytes'],
      log,
      clock,
      handle: (batch, message) =>
        message === 'append' ? this.#append(out, signal, batch) : this.#appendBatch(out, signal, batch),
      onConnections: (open) => {
        counters.OpenConnectionCount = open;
      },
      onBadRequest: () => {
        counters.EventReadFail++;
      },
    });
    log.info(`Listening on ${settings.bind}:${server.port}${tls === undefined ? '' : ' with TLS'}`);
    out.ready();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
  }

  /** Flume answers FAILED for a full channel alone; anything else is an error of the call. */
  async #append(out: SourceOutput, signal: AbortSignal, batch: EventBatch): Promise<Status> {
    const { counters } = this.#context;
    counters.AppendReceivedCount++;
    counters.EventReceivedCount++;
    try {
      await this.#emit(out, signal, batch);
    } catch (error) {
      this.#refused(error);
      if (isNoRoom(error) || signal.aborted) return 'FAILED';
      throw error;
    }
    counters.AppendAcceptedCount++;
    return 'OK';
  }

  /** Flume answers FAILED for whatever happens. */
  async #appendBatch(out: SourceOutput, signal: AbortSignal, batch: EventBatch): Promise<Status> {
    const { counters } = this.#context;
    counters.AppendBatchReceivedCount++;
    counters.EventReceivedCount += batch.length;
    try {
      if (batch.length > 0) await this.#emit(out, signal, batch);
    } catch (error) {
      this.#refused(error);
      return 'FAILED';
    }
    counters.AppendBatchAcceptedCount++;
    return 'OK';
  }

  async #emit(out: SourceOutput, signal: AbortSignal, batch: EventBatch): Promise<void> {
    const receipt = await out.emit(batch, FOR_CLIENT);
    if (this.#options.ack === 'accepted' || receipt.settled) return;
    await settledOrAborted(receipt, signal);
    // Whether a sink has them yet is not known: the client must keep them.
    if (!receipt.settled) throw new SluiceError('CHANNEL_FULL', 'stopped before the events were durable');
  }

  #refused(error: unknown): void {
    const { log } = this.#context;
    if (!isNoRoom(error)) log.warn(`Events were not accepted: ${describeError(error)}`);
    else if (log.isDebug) log.debug(`Events were refused: ${describeError(error)}`);
  }
}

function isNoRoom(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'CHANNEL_FULL';
}

function settledOrAborted(receipt: Receipt, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) done();
    signal.addEventListener('abort', done);
    receipt.onProgress(() => {
      if (receipt.settled) done();
    });
  });
}

export const avroSource = declare('source', {
  type: 'avro',
  classNames: ['org.apache.flume.source.AvroSource'],
  summary: "Takes events from Avro sinks and clients of Flume's protocol.",
  options,
  check: (values, report) => {
    if (values.ipFilter && values.ipFilterRules === undefined) {
      report(
        'error',
        'ipFilterRules',
        'ipFilter = true needs ipFilterRules',
        'for example allow:ip:10.0.0.*,deny:ip:*',
      );
    }
    if (values.ipFilterRules !== undefined) {
      const filter = IpFilter.parse(values.ipFilterRules);
      if (typeof filter === 'string') report('error', 'ipFilterRules', filter);
    }
  },
  create: (values, context) => new AvroSource(values, context),
});
