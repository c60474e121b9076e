import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sentryInterceptor } from '../../src/interceptors/sentry.ts';
import { bind } from '../../src/options/bind.ts';
import { batchOfLines } from '../support/batches.ts';
import { componentContext } from '../support/context.ts';

/**
 * How many lines a second the interceptor `sentry` reads on one core, the format found by itself: `node test/bench/sentry-lines.ts [SECONDS]`. The
 * lines of the samples, over and over, in batches of 1000; with scrubbing and without.
 */

const SECONDS = Number(process.argv[2] ?? 2);
const ROWS = 1000;
/** Where an event begins; what is above 3000 bytes is one line of its kind and says nothing about the others. */
const SAMPLES = {
  'relay.log': /^\d{4}-/,
  'relay.jsonl': /^\{/,
  'sentry-web.log': /^\d\d:\d\d:\d\d \[/,
  'sentry-worker.jsonl': /^\{/,
  'nginx-access.log': /^\S/,
  'docker-json-file.log': /^\{/,
  'kafka-events-topic.jsonl': /^\[/,
  'kafka-outcomes-topic.jsonl': /^\{/,
};

function eventsOf(name: string, start: RegExp): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../fixtures/sentry/${name}`, import.meta.url)), 'utf8');
  const events: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (start.test(line)) events.push(line);
    else if (events.length > 0) events.push(`${events.pop()}\n${line}`);
  }
  return events.filter((event) => event.length < 3000);
}

function make(scrub: boolean) {
  const raw = new Map([['scrub', { text: String(scrub) }]]);
  const { values } = bind(sentryInterceptor, raw, 'interceptor i', () => ({ known: [] }));
  return sentryInterceptor.create(values, componentContext('i'));
}

for (const [name, start] of Object.entries(SAMPLES)) {
  const events = eventsOf(name, start);
  const batch = batchOfLines(Array.from({ length: ROWS }, (_, i) => events[i % events.length]!));
  const figures = [true, false].map((scrub) => {
    const interceptor = make(scrub);
    for (let i = 0; i < 30; i++) interceptor.intercept(batch);
    const from = performance.now();
    let rows = 0;
    for (; performance.now() - from < SECONDS * 1000; rows += ROWS) interceptor.intercept(batch);
    return Math.round((rows / (performance.now() - from)) * 1000);
  });
  const [scrubbed, plain] = figures.map((figure) => figure.toLocaleString('en').padStart(9));
  const bytes = Math.round(batch.bodyBytes() / ROWS);
  process.stdout.write(
    `${name.padEnd(28)}${String(bytes).padStart(5)} bytes${scrubbed} lines/s${plain} without scrubbing\n`,
  );
}
