/**
 * `node test/bench/sentry-envelopes.ts [--seconds N] [--main FILE] [--clients N]`: a whole agent, sentry -> memory -> null, with scrubbing and grouping, and clients on
 * the same machine that send envelopes of an event of 4 KB each. First as many as it takes, then half of that at an even pace, for the latencies: from
 * when a request was due, whether a connection was free or not.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { freePort, waitForPort } from '../support/free-port.ts';
import { MAIN, startSluice } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { usageOf } from './measure.ts';

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '32' },
    main: { type: 'string', default: MAIN },
    profile: { type: 'string' },
  },
});
const SECONDS = Number(args.seconds);
const CLIENTS = Number(args.clients);
const KEY = '0123456789abcdef0123456789abcdef';
const EVENT_BYTES = 4096;
const PLACE = '0'.repeat(32);

/** An event of 4 KB as Python sends it. */
function event(): string {
  const text = readFileSync(join(import.meta.dirname, '../fixtures/sentry/01-python-django-chained.json'), 'utf8');
  const payload = { ...(JSON.parse(text) as object), event_id: PLACE, padding: '' };
  const short = JSON.stringify(payload);
  return JSON.stringify({ ...payload, padding: 'x'.repeat(Math.max(0, EVENT_BYTES - Buffer.byteLength(short))) });
}

function envelope(events: number): Buffer {
  const payload = event();
  const items = Array.from({ length: events }, (_, i) => `{"type":"${i === 0 ? 'event' : 'check_in'}"}\n${payload}`);
  return Buffer.from(`{"event_id":"${PLACE}"}\n${items.join('\n')}`);
}

let sent = 0;

/** One connection: sends a request at a time, each with an id of its own unless it is compressed. */
class Client {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #body: Buffer;
  readonly #ids: number[] = [];
  #answered: (() => void) | undefined;
  #text = '';

  constructor(port: number, body: Buffer, gzip: boolean) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#head = `POST /api/42/envelope/ HTTP/1.1\r\nHost: h\r\nX-Sentry-Auth: Sentry sentry_key=${KEY}, sentry_version=7, sentry_client=bench/1\r\nContent-Type: application/x-sentry-envelope\r\n${gzip ? 'Content-Encoding: gzip\r\n' : ''}`;
    this.#body = gzip ? gzipSync(body) : Buffer.from(body);
    if (!gzip) for (let at = body.indexOf(PLACE); at >= 0; at = body.indexOf(PLACE, at + 1)) this.#ids.push(at);
    this.#socket.on('data', (data) => {
      this.#text += data.toString('latin1');
      if (!this.#text.endsWith('}')) return;
      if (!this.#text.startsWith('HTTP/1.1 200')) throw new Error(this.#text);
      this.#text = '';
      this.#answered?.();
    });
  }

  send(answered: () => void): void {
    this.#answered = answered;
    const id = (sent++).toString(16).padStart(32, '0');
    for (const at of this.#ids) this.#body.write(id, at, 'latin1');
    this.#socket.cork();
    this.#socket.write(`${this.#head}Content-Length: ${this.#body.length}\r\n\r\n`);
    this.#socket.write(this.#body);
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** As many as come through; gives requests a second. */
async function flood(clients: readonly Client[], seconds: number): Promise<number> {
  let count = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    clients.map(
      (client) =>
        new Promise<void>((resolve) => {
          const next = (): void => {
            if (performance.now() >= end) resolve();
            else {
              client.send(() => {
                count++;
                next();
              });
            }
          };
          next();
        }),
    ),
  );
  return count / seconds;
}

/** At an even pace; gives the latencies in ms, sorted. */
async function pace(clients: readonly Client[], rate: number, seconds: number): Promise<Float64Array> {
  const free = [...clients];
  const due: number[] = [];
  const latencies: number[] = [];
  const start = performance.now();
  let scheduled = 0;
  const all = Math.floor(rate * seconds);
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = (): void => {
    while (due.length > 0 && free.length > 0) {
      const client = free.pop()!;
      const at = due.shift()!;
      client.send(() => {
        latencies.push(performance.now() - at);
        free.push(client);
        if (latencies.length === all) resolve();
        else send();
      });
    }
  };
  const tick = (): void => {
    const now = performance.now() - start;
    for (; scheduled < all && scheduled / rate <= now / 1000; scheduled++) due.push(start + (scheduled / rate) * 1000);
    send();
    if (scheduled < all) setTimeout(tick, 1);
  };
  tick();
  await promise;
  return Float64Array.from(latencies).sort();
}

async function measure(name: string, options: string, body: Buffer, items: number, gzip = false): Promise<void> {
  const dir = makeTempDir();
  const port = await freePort();
  const conf = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = sentry
a.sources.r.channels = c
a.sources.r.port = ${port}
a.sources.r.projects = 42:${KEY}
${options}
a.channels.c.type = memory
a.channels.c.capacity = 100000
a.channels.c.transactionCapacity = 1000
a.sinks.k.type = null
a.sinks.k.channel = c
a.sinks.k.batchSize = 1000
`;
  const nodeArgs = args.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${args.profile}`];
  const agent = await startSluice({ dir, conf, ready: /SOURCE, name: r started/, main: args.main, nodeArgs });
  await waitForPort(port);
  const clients = Array.from({ length: CLIENTS }, () => new Client(port, body, gzip));
  await flood(clients, 2);
  const before = usageOf(agent.pid!);
  const rate = await flood(clients, SECONDS);
  const after = usageOf(agent.pid!);
  const latencies = await pace(clients, rate / 2, SECONDS);
  const { peakRssMb } = usageOf(agent.pid!);
  const at = (part: number): string => `${latencies[Math.floor(latencies.length * part)]!.toFixed(1)} ms`;
  const figures = [
    `${rate.toFixed(0)} envelopes/s`,
    `${(rate * items).toFixed(0)} items/s`,
    `${(((after.cpuSeconds - before.cpuSeconds) * 1e6) / (rate * SECONDS)).toFixed(0)} CPU µs each`,
    `p50 ${at(0.5)}`,
    `p99 ${at(0.99)}`,
    `${peakRssMb.toFixed(0)} MB`,
  ];
  console.log(`${name.padEnd(26)}${figures.map((figure) => figure.padStart(19)).join('')}`);
  for (const client of clients) client.end();
  await agent.stop();
  removeTempDir(dir);
}

await measure('event', '', envelope(1), 1);
if (args.profile === undefined) {
  await measure('event, gzip', 'a.sources.r.dedupe = false', envelope(1), 1, true);
  await measure('event, not scrubbed', 'a.sources.r.scrub = false', envelope(1), 1);
  await measure('event and 4 others', '', envelope(5), 5);
}
