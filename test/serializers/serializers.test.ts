import fc from 'fast-check';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { AVRO_CODECS } from '../../src/serializers/avro-container.ts';
import { headerAndText } from '../../src/serializers/header_and_text.ts';
import { sentryRows } from '../../src/serializers/sentry_rows/index.ts';
import { text } from '../../src/serializers/text.ts';
import { serializerContract } from '../contract/serializer.contract.ts';
import { readContainer } from '../support/avro-container.ts';
import type { SampleEvent } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';

function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    found.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start !== bytes.length) throw new Error('the last line does not end');
  return found;
}

function headerAndBody(line: Buffer): SampleEvent {
  const end = line.indexOf('} ');
  const pairs = line.subarray(1, end).toString().split(', ');
  const headers = Object.fromEntries(pairs.map((pair) => pair.split('=')));
  return { headers, body: line.subarray(end + 2) };
}

function avroEvents(bytes: Buffer): SampleEvent[] {
  return readContainer(bytes)
    .blocks.flat()
    .map((record) => {
      const { headers, body } = record as { headers: Record<string, string>; body: Buffer };
      return { headers: { ...headers }, body };
    });
}

serializerContract('TEXT', {
  make: () => serializerOf(text),
  read: (bytes) => lines(bytes).map((body) => ({ body })),
  headers: false,
});

serializerContract('HEADER_AND_TEXT', {
  make: () => serializerOf(headerAndText),
  read: (bytes) => lines(bytes).map(headerAndBody),
  headers: true,
});

for (const compressionCodec of AVRO_CODECS) {
  serializerContract(`AVRO_EVENT, ${compressionCodec}`, {
    make: () => serializerOf(avroEvent, { compressionCodec, syncIntervalBytes: 500 }),
    read: avroEvents,
    headers: true,
  });
}

/** Of line breaks it does not come back which they were. */
const BREAK = /[\0\r\n\v\f\u0085\u2028\u2029]/;
/** Events whose message comes back, as events without a time of their own. */
const sentryEvents = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((message) => !BREAK.test(message))
  .map(eventOf);

function eventOf(message: string): Buffer {
  return Buffer.from(JSON.stringify({ event_id: '0'.repeat(32), platform: 'c', message: `m${message}` }));
}

serializerContract('sentry_rows, json', {
  make: () => serializerOf(sentryRows),
  read: (bytes) =>
    lines(bytes).map((line) => ({
      body: eventOf((JSON.parse(line.toString()) as { message: string }).message.slice(1)),
    })),
  headers: false,
  bodies: sentryEvents,
});

serializerContract('sentry_rows, delimited', {
  make: () =>
    serializerOf(sentryRows, { format: 'delimited', columns: 'platform,message', delimiter: 'tab', escape: '\\' }),
  read: (bytes) => lines(bytes).map((line) => ({ body: eventOf(unescaped(line.toString().split('\t')[1]!).slice(1)) })),
  headers: false,
  bodies: sentryEvents,
});

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, '$1');
}
