import type { Clock, Logger } from '../component/context.ts';
import { declare } from '../component/declaration.ts';
import type { Intercepted, Interceptor } from '../component/interceptor.ts';
import { EventBatch } from '../event/event-batch.ts';
import { bool, choice, text } from '../options/option.ts';
import { bodyFacts } from '../sentry/body-facts.ts';
import { FORMAT_NAMES, FORMATS, type Format } from '../sentry/formats.ts';
import { HeaderSheet } from '../sentry/header-sheet.ts';
import { type Given, GivenReader, HEADER } from '../sentry/headers.ts';
import { isItemType, kindOf } from '../sentry/items/kinds.ts';
import type { Scrubber } from '../sentry/scrub/index.ts';
import { scrubberOf, scrubOptions } from '../sentry/scrub/options.ts';
import { scrubBody } from '../sentry/scrub-body.ts';
import { parseTime } from '../sentry/time.ts';

/*
 * The sentry interceptor: reads what other sources deliver (logs of Sentry, events as JSON, envelopes, messages of Sentry's topics) and gives it
 * the headers that the source `sentry` gives. Bodies stay as they are but for what is scrubbed.
 */

const options = {
  format: choice(['auto', ...FORMAT_NAMES], {
    default: 'auto',
    ours: true,
    doc: "What the events are: auto finds it out for each; relay and relay-json: Relay's log; sentry and sentry-json: those of web, workers and consumers; nginx: its access log; event, envelope, item: what SDKs send; kafka-events, kafka-outcomes: messages of these topics; webhook: bodies of webhooks. Records of docker round them are taken off.",
  }),
  preserveExisting: bool({ default: true, ours: true, doc: 'Leaves headers alone that are there already.' }),
  timeHeader: text({
    default: 'time',
    ours: true,
    doc: 'The header with the time at which a container printed the line, as TAILDIR with lineFormat sets it: by it lines are dated that have no date of their own. Where it is missing the header timestamp counts, else the present.',
  }),
  ...scrubOptions,
};

/** There is a line of log about what could not be read once in so many milliseconds. */
const WARNING_MS = 600_000;

interface Settings {
  readonly format: Format | undefined;
  readonly preserve: boolean;
  readonly timeHeader: string;
  readonly scrubber: Scrubber | undefined;
}

class SentryInterceptor implements Interceptor {
  readonly counters = { EventReadCount: 0, EventUnparsedCount: 0, EventScrubbedCount: 0 };
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #log: Logger;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #warnedOf = 0;

  constructor(settings: Settings, clock: Clock, log: Logger) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  intercept(batch: EventBatch): Intercepted {
    if (batch.length === 0) return { batch };
    const { scrubber, preserve } = this.#settings;
    const clean = scrubber === undefined ? batch : this.#scrub(batch, scrubber);
    const sheet = new HeaderSheet(batch.length);
    const given = new GivenReader(clean);
    const times = clean.header(this.#settings.timeHeader);
    const statuses = clean.header(HEADER.status);
    const now = this.#clock.now();
    for (let row = 0; row < clean.length; row++) {
      // It was read before it came here.
      if (preserve && statuses?.value(row) !== undefined) continue;
      this.#read(clean, row, given.of(row), parseTime(times?.value(row)) / 1000, now, sheet);
    }
    this.#warn();
    return { batch: sheet.onto(clean, preserve) };
  }

  #read(batch: EventBatch, row: number, headers: Given, printed: number, now: number, sheet: HeaderSheet): void {
    const received = Number.isNaN(headers.received) ? now : headers.received;
    const known = Number.isNaN(printed) ? headers.timestamp : printed;
    const given = { ...headers, received, timestamp: known };
    const facts = bodyFacts(
      batch.bodyOf(row),
      given,
      this.#settings.format ?? formatOf(headers.format, headers.itemType),
    );
    if (facts === undefined) this.counters.EventUnparsedCount++;
    else this.counters.EventReadCount++;
    // Every event has a time: paths of sinks are made of it.
    const told = facts?.timestamp ?? Number.NaN;
    sheet.set(row, facts, Number.isNaN(told) ? Math.floor(Number.isNaN(known) ? received : known) : told, received);
  }

  #warn(): void {
    const unparsed = this.counters.EventUnparsedCount;
    if (unparsed === this.#warnedOf) return;
    const now = this.#clock.monotonic();
    if (now - this.#warnedAt < WARNING_MS) return;
    this.#log.warn(
      `Events of no known format pass with ${HEADER.status}=unparsed: ${unparsed - this.#warnedOf} of them; EventUnparsedCount counts them`,
    );
    this.#warnedAt = now;
    this.#warnedOf = unparsed;
  }

  /** The batch with its bodies scrubbed; itself when nothing was found. */
  #scrub(batch: EventBatch, scrubber: Scrubber): EventBatch {
    const formats = batch.header(HEADER.format);
    const types = batch.header(HEADER.itemType);
    const changed = new Map<number, Buffer>();
    for (let row = 0; row < batch.length; row++) {
      const type = types?.value(row);
      const format = this.#settings.format ?? formatOf(formats?.value(row), type);
      // Attachments stay byte for byte.
      if (format === 'item' && kindOf(type ?? 'event') === 'raw') continue;
      const body = batch.bodyOf(row);
      const clean = scrubBody(scrubber, body, format);
      if (clean !== body) changed.set(row, clean);
    }
    this.counters.EventScrubbedCount += changed.size;
    return changed.size === 0 ? batch : withBodies(batch, changed);
  }
}

/** How an event says itself that it is to be read. */
function formatOf(format: string | undefined, itemType: string | undefined): Format | undefined {
  if (format !== undefined && Object.hasOwn(FORMATS, format)) return format as Format;
  return itemType !== undefined && isItemType(itemType) ? 'item' : undefined;
}

/** The batch with other bodies in some rows, in memory of its own. */
function withBodies(batch: EventBatch, changed: ReadonlyMap<number, Buffer>): EventBatch {
  const { delimiter, length } = batch;
  let size = batch.bodyBytes() + length;
  for (const [row, body] of changed) size += body.length - (batch.ends[row]! - batch.starts[row]!);
  const body = Buffer.allocUnsafeSlow(size);
  const starts = new Uint32Array(length);
  const ends = new Uint32Array(length);
  let at = 0;
  for (let row = 0; row < length; row++) {
    starts[row] = at;
    at += changed.get(row)?.copy(body, at) ?? batch.body.copy(body, at, batch.starts[row], batch.ends[row]);
    ends[row] = at;
    body[at++] = delimiter < 0 ? 0 : delimiter;
  }
  return new EventBatch({ body, starts, ends, headers: batch.headers, delimiter, bornWith: batch.bornWith });
}

export const sentryInterceptor = declare('interceptor', {
  type: 'sentry',
  summary:
    "Reads Sentry's logs, events, envelopes and messages, and gives them the headers that the source sentry gives: item_type, project_id, level, timestamp, …",
  options,
  create: (values, context) =>
    new SentryInterceptor(
      {
        format: values.format === 'auto' ? undefined : (values.format as Format),
        preserve: values.preserveExisting,
        timeHeader: values.timeHeader,
        scrubber: scrubberOf(values),
      },
      context.clock,
      context.log,
    ),
});
