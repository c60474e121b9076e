import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Child, runChild } from '../support/child.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { parseLine, renderLine } from './load.ts';
import { Random } from './random.ts';
import { configuration, fileRoll, memory } from './scenarios.ts';

const ROTATIONS = 50;
const byNumber = new Intl.Collator('en', { numeric: true });
const READY = /SOURCE, name: r started/;

/** A daemon that writes to one log, and opens it anew when logrotate's script asks for that. */
class Writer {
  readonly path: string;
  readonly #asks: string;
  readonly #random: Random;
  readonly #timer: NodeJS.Timeout;
  #handle: number;
  #paused = false;
  lines = 0;

  constructor(path: string, asks: string, random: Random) {
    this.path = path;
    this.#asks = asks;
    this.#random = random;
    this.#handle = openSync(path, 'a');
    this.#timer = setInterval(() => this.#tick(), 5);
  }

  /** Writes nothing until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Idempotent. */
  stop(): void {
    if (this.#handle < 0) return;
    clearInterval(this.#timer);
    closeSync(this.#handle);
    this.#handle = -1;
  }

  #tick(): void {
    if (this.#paused) return;
    let text = '';
    for (let i = this.#random.between(0, 20); i > 0; i--) {
      text += `${renderLine('alpha.0', this.lines++, 'x'.repeat(this.#random.between(0, 200)))}\n`;
    }
    writeSync(this.#handle, text);
    if (!existsSync(this.#asks)) return;
    closeSync(this.#handle);
    this.#handle = openSync(this.path, 'a');
    rmSync(this.#asks);
  }
}

/** The lines that copytruncate may lose: those that are written while logrotate is at work. */
class Windows {
  readonly #windows: { readonly from: number; readonly to: number }[] = [];

  add(from: number, to: number): void {
    this.#windows.push({ from, to });
  }

  holds(number: number): boolean {
    return this.#windows.some(({ from, to }) => number >= from && number < to);
  }
}

/** The directives of logrotate beside `rotate` and `missingok`. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  create: ['create 0640'],
  copytruncate: ['copytruncate'],
  'create and compress': ['create 0640', 'compress'],
  'create, compress and delaycompress': ['create 0640', 'compress', 'delaycompress'],
  'copytruncate and compress': ['copytruncate', 'compress'],
  'copytruncate, compress and delaycompress': ['copytruncate', 'compress', 'delaycompress'],
};

const ROTATED = 'TAILDIR over the log and what was rotated';
const SOURCES: Readonly<Record<string, (dir: string) => Readonly<Record<string, string | number>>>> = {
  [ROTATED]: (dir) => tail(dir, 'app\\\\.log(\\\\.\\\\d+)?'),
  'TAILDIR over whatever begins like the log': (dir) => tail(dir, 'app\\\\.log.*'),
  'TAILDIR over the log alone': (dir) => tail(dir, 'app\\\\.log'),
  'exec with tail -F': (dir) => ({ type: 'exec', command: `tail -n +1 -F ${dir}/logs/app.log` }),
};

function tail(dir: string, pattern: string): Readonly<Record<string, string | number>> {
  return {
    type: 'TAILDIR',
    filegroups: 'f',
    'filegroups.f': `${dir}/logs/${pattern}`,
    positionFile: `${dir}/positions.json`,
  };
}

/** What lies in a log and in what was rotated of it, from the oldest on. */
function stored(dir: string): string[] {
  const number = (name: string): number => Number(/\.(\d+)/.exec(name)?.[1] ?? 0);
  return readdirSync(dir)
    .toSorted((a, b) => number(b) - number(a))
    .map((name) => {
      const bytes = readFileSync(join(dir, name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    });
}

describe(`over ${ROTATIONS} rotations by the real logrotate, under load, every line comes out once:`, function () {
  this.timeout(120_000);
  const temp = useTempDir();
  let agent: Child | undefined;
  let writer: Writer | undefined;

  afterEach(async () => {
    writer?.stop();
    await agent?.kill();
  });

  for (const [source, options] of Object.entries(SOURCES)) {
    for (const [way, directives] of Object.entries(WAYS)) {
      // A copy is another file: a pattern that it matches reads it, too. And for the rest one way of renaming is enough.
      const isCopied = way.startsWith('copy');
      if (isCopied ? /rotated|whatever/.test(source) : source !== ROTATED && !way.includes('delay')) continue;
      it(`${source}, ${way}`, async () => {
        const dir = temp();
        const [logs, out, asks] = [join(dir, 'logs'), join(dir, 'out'), join(dir, 'asks')];
        for (const folder of [logs, out]) mkdirSync(folder);
        const seed = Math.floor(Math.random() * 1e9);
        const random = new Random(seed);
        const log = join(logs, 'app.log');
        writer = new Writer(log, asks, random.fork());
        const reopens = way.startsWith('create')
          ? ['postrotate', `touch ${asks}; while [ -e ${asks} ]; do sleep 0.005; done`, 'endscript']
          : [];
        // Where what was rotated away cannot be found any more, its file must have been seen before.
        const hurries = source === ROTATED && (!way.includes('compress') || way.includes('delay'));
        const conf = join(dir, 'logrotate.conf');
        const text = [`rotate ${ROTATIONS + 10}`, 'missingok', ...directives, ...reopens].join('\n  ');
        writeFileSync(conf, `"${log}" {\n  ${text}\n}\n`, { mode: 0o644 });

        const start = (): Promise<Child> =>
          startSluice({ dir, conf: configuration(options(dir), [memory], [fileRoll(out)]), ready: READY });
        agent = await start();
        const delivered = (): string[] =>
          readdirSync(out)
            .toSorted(byNumber.compare)
            .flatMap((name) => readFileSync(join(out, name), 'utf8').split('\n').slice(0, -1));
        /** Whether the line or a later one has come out. */
        const isOut = (number: number): boolean => {
          const youngest = readdirSync(out).toSorted(byNumber.compare).slice(-3);
          const text = youngest.map((name) => readFileSync(join(out, name), 'utf8')).join('');
          return text.split('\n').some((line) => (parseLine(line)?.number ?? -1) >= number);
        };
        const numbers = (): Set<number> => new Set(delivered().map((line) => parseLine(line)?.number ?? -1));
        const windows = new Windows();
        for (let rotation = 0; rotation < ROTATIONS; rotation++) {
          if (isCopied) {
            writer.pause();
            await waitFor(() => writer!.lines === 0 || isOut(writer!.lines - 1), { what: 'all that was written' });
            writer.resume();
          }
          const from = writer.lines;
          const child = await runChild({
            command: '/usr/sbin/logrotate',
            args: ['-f', '-s', join(dir, 'logrotate.state'), conf],
          });
          assert.equal(child.code, 0, child.log());
          const to = writer.lines;
          if (isCopied) windows.add(from, to);
          await waitFor(() => writer!.lines > to);
          if (hurries && rotation % 10 === 9) {
            await agent.kill();
            agent = await start();
          }
          if (!hurries) await waitFor(() => isOut(to), { what: 'a line of the new file' });
        }
        writer.stop();
        const expected = stored(logs).map((text) => text.split('\n').slice(0, -1));
        /** In which file each line lies. */
        const kept = new Map<number, number>();
        for (const [file, lines] of expected.entries()) {
          for (const line of lines) {
            const parsed = parseLine(line);
            if (parsed !== undefined) kept.set(parsed.number, file);
          }
        }
        const all = kept.size;
        await waitFor(
          () => {
            const found = numbers();
            return [...kept.keys()].every((number) => found.has(number) || windows.holds(number));
          },
          { timeoutMs: 20_000, everyMs: 100 },
        ).catch(() => {});
        assert.equal(await agent.stop(), 143);

        const lines = delivered();
        const found = lines.map((line) => parseLine(line)?.number ?? -1);
        const times = new Map<number, number>();
        for (const number of found) times.set(number, (times.get(number) ?? 0) + 1);
        const missing = Array.from({ length: writer.lines }, (_, number) => number).filter(
          (number) => !times.has(number) && !windows.holds(number),
        );
        const doubled = [...times].filter(([number, count]) => count > 1 && number >= 0).map(([number]) => number);
        // copytruncate itself may cut a line in two; what it kept of that is the end of a copy.
        const torn = new Set(stored(logs).map((text) => text.slice(text.lastIndexOf('\n') + 1)));
        const broken = lines.filter((line) => parseLine(line) === undefined && !torn.has(line));
        const about = `seed ${seed}; ${all} of ${writer.lines} lines are in the logs; the agent's log ends with\n${agent.log().slice(-3000)}`;
        assert.deepEqual(missing.slice(0, 20), [], `${missing.length} lines are missing; ${about}`);
        assert.deepEqual(doubled.slice(0, 20), [], `${doubled.length} lines are there again; ${about}`);
        assert.deepEqual(broken.slice(0, 5), [], about);
        const last = new Map<number, number>();
        const disordered = found.filter((number) => {
          const file = kept.get(number) ?? -1;
          const before = last.get(file) ?? -1;
          last.set(file, Math.max(before, number));
          return file >= 0 && number < before;
        });
        assert.deepEqual(disordered, [], `out of order; ${about}`);
        if (!isCopied) assert.equal(all, writer.lines, 'renaming loses no line');
      });
    }
  }
});
