import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CheckpointPart } from '../../src/component/checkpoint.ts';
import type { Settler } from '../../src/component/settler.ts';
import type { Sink } from '../../src/component/sink.ts';
import { EventBatch } from '../../src/event/event-batch.ts';
import { TextColumn } from '../../src/event/header-columns.ts';
import { FakeClock } from '../support/context.ts';
import { type Calls, type Fault, MemoryFileSystem } from '../support/memory-file-system.ts';
import { sinkContext, type TestSinkContext } from '../support/sinks.ts';

export interface CrashingSink {
  /** A sink over the file system of the context, not opened yet. Header `h` of the events is `a`, `b` or `c`; all files lie below `/l`. */
  readonly make: (context: TestSinkContext) => Sink;
  /** The bodies in a finished file, in order. Throws when it is not whole. */
  readonly read: (bytes: Buffer) => readonly string[];
  /** Whether a file bears the name of one that is still being written. */
  readonly isInUse: (path: string) => boolean;
  /** A path that another agent may give a file at this time. */
  readonly foreignPath: (now: number, number: number) => string;
  readonly runs?: number;
}

interface Row {
  readonly h: string;
  readonly length: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const CALLS: readonly Calls[] = ['create', 'write', 'flush', 'close', 'rename', 'truncate', 'remove', 'stat'];
const mishap = fc.record({
  fault: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Fault>('none') },
    { weight: 1, arbitrary: fc.constantFrom<Fault>('before', 'after') },
  ),
  turns: fc.oneof(fc.constant(0), fc.nat(3)),
});
const life = fc.record({
  weather: fc.record(
    Object.fromEntries(CALLS.map((call) => [call, fc.array(mishap, { maxLength: 8 })])) as Record<
      Calls,
      fc.Arbitrary<{ fault: Fault; turns: number }[]>
    >,
  ),
  deliveries: fc.array(
    fc.record({
      rows: fc.array(fc.record({ h: fc.constantFrom('a', 'b', 'c'), length: fc.nat(40) }), {
        minLength: 1,
        maxLength: 8,
      }),
      turns: fc.oneof(fc.constant(0), fc.nat(6)),
    }),
    { maxLength: 6 },
  ),
  /** How it ends: before a call of the file system, after some time, or in good order. */
  end: fc.oneof(
    fc.record({ how: fc.constant('call' as const), after: fc.nat(60) }),
    fc.record({ how: fc.constant('turn' as const), after: fc.nat(60) }),
    fc.record({ how: fc.constant('stop' as const), after: fc.nat(20) }),
  ),
  /** Turns of the event loop that a checkpoint takes from its snapshot to the disk. */
  checkpointTurns: fc.nat(3),
  /** How much of what was written and not flushed is there after the crash. */
  kept: fc.double({ min: 0, max: 1, noNaN: true }),
  /** What the clock shows at the beginning, against the end before. */
  step: fc.constantFrom(-1500, -1, 0, 1, 3, 5000),
  /** Files of another agent that appear: after so many turns, with a number near the present time. */
  foreign: fc.array(fc.record({ after: fc.nat(30), number: fc.integer({ min: -2, max: 6 }) }), { maxLength: 3 }),
});
type LifePlan = typeof life extends fc.Arbitrary<infer T> ? T : never;

/** What a checkpoint holds: the sink's part, and the rows that no source sends again. */
interface Snapshot {
  readonly part: unknown;
  readonly settled: ReadonlySet<number>;
}

/** The agent's checkpoint: a snapshot of everything between two ticks, written in the background. */
class SlowCheckpoint implements CheckpointPart {
  readonly saved: unknown;
  durable: Snapshot;
  /** The one before it, to which the agent falls back when that is damaged. */
  before: Snapshot;
  frozen = false;
  #provider: (() => string) | undefined;
  readonly #settled: ReadonlySet<number>;
  readonly #turns: number;
  #dirty = false;
  #waiters: (() => void)[] = [];
  #running = false;

  constructor(before: Snapshot, settled: ReadonlySet<number>, turns: number) {
    this.saved = before.part;
    this.durable = before;
    this.before = before;
    this.#settled = settled;
    this.#turns = turns;
  }

  provide(state: () => string): void {
    this.#provider = state;
  }

  changed(): void {
    this.#dirty = true;
    void this.#run();
  }

  damaged(): void {}

  commit(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      void this.#run();
    });
  }

  snapshot(): Snapshot {
    const part: unknown = this.#provider === undefined ? this.saved : JSON.parse(this.#provider());
    return { part, settled: new Set(this.#settled) };
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (!this.frozen && (this.#dirty || this.#waiters.length > 0)) {
      await turn();
      const waiters = this.#waiters.splice(0);
      this.#dirty = false;
      const taken = this.snapshot();
      for (let i = 0; i < this.#turns; i++) await turn();
      if (this.frozen) return;
      this.before = this.durable;
      this.durable = taken;
      for (const resolve of waiters) resolve();
    }
    this.#running = false;
  }
}

/** The world over many lives of one sink. */
class World {
  readonly under: CrashingSink;
  fs = new MemoryFileSystem();
  now = 1_700_000_000_000;
  readonly rows: Row[] = [];
  readonly foreign = new Map<string, string>();
  last: Snapshot = { part: undefined, settled: new Set() };
  log: string[] = [];
  readonly fallsBack: boolean;

  /** @param fallsBack the newest checkpoint is damaged at each crash */
  constructor(under: CrashingSink, fallsBack = false) {
    this.under = under;
    this.fallsBack = fallsBack;
    this.fs.folders.add('/l');
  }

  /** One life of the sink; `undefined`: the last one, in which everything is well. */
  async live(plan: LifePlan | undefined): Promise<void> {
    const { fs, under } = this;
    const clock = new FakeClock(this.now + (plan?.step ?? 5000));
    const settled = new Set(this.last.settled);
    const checkpoint = new SlowCheckpoint(this.last, settled, plan?.checkpointTurns ?? 1);
    const context = { ...sinkContext(fs, clock), checkpoint };
    const sink = under.make(context);
    const abort = new AbortController();
    let calls = 0;
    let turns = 0;
    let over = false;
    let isClosing = false;
    const died = Promise.withResolvers<'crash'>();
    const crash = (): void => {
      if (over) return;
      over = true;
      checkpoint.frozen = true;
      this.fs = fs.afterCrash(plan?.kept ?? 1);
      died.resolve('crash');
    };
    const counts = new Map<Calls, number>();
    fs.fault = async (call) => {
      if (plan?.end.how === 'call' && calls++ >= plan.end.after) crash();
      if (over && checkpoint.frozen) await new Promise(() => {});
      const count = counts.get(call) ?? 0;
      counts.set(call, count + 1);
      const met = plan?.weather[call][count];
      for (let i = met?.turns ?? 0; i > 0; i--) await turn();
      if (over && checkpoint.frozen) await new Promise(() => {});
      return met?.fault ?? 'none';
    };
    const pump = (async () => {
      while (!over) {
        if (plan?.end.how === 'turn' && turns >= plan.end.after) return crash();
        for (const { after, number } of plan?.foreign ?? []) if (after === turns) this.#intrude(clock.now(), number);
        turns++;
        await clock.advance(250);
        if (!over && !isClosing) await sink.maintain?.(clock.now());
      }
    })();
    const work = async (): Promise<'stopped'> => {
      for (let tries = 0; ; tries++) {
        try {
          await sink.open();
          break;
        } catch (error) {
          assert.ok(tries < 50, String(error));
          await clock.sleep(1000);
        }
      }
      const underWay: Promise<unknown>[] = [];
      const left = [...this.rows.keys()].filter((row) => !settled.has(row));
      for (let from = 0; from < left.length; from += 5) {
        underWay.push(this.#deliver(sink, left.slice(from, from + 5), settled, clock, abort.signal));
      }
      for (const { rows, turns: pause } of plan?.deliveries ?? []) {
        if (checkpoint.frozen) await new Promise(() => {});
        const first = this.rows.length;
        this.rows.push(...rows);
        const numbers = rows.map((_, i) => first + i);
        underWay.push(this.#deliver(sink, numbers, settled, clock, abort.signal));
        for (let i = 0; i < pause; i++) await turn();
      }
      await Promise.all(underWay);
      for (let i = 0; i < (plan?.end.after ?? 40); i++) await turn();
      isClosing = true;
      await sink.close(abort.signal);
      return 'stopped';
    };
    const how = await Promise.race([work(), died.promise]);
    this.log.push(...context.lines.map(({ level, message }) => `${level} ${message}`), how);
    if (how === 'stopped' && !over) {
      over = true;
      this.last = checkpoint.snapshot();
      fs.fault = () => 'none';
    } else {
      this.last = this.fallsBack ? checkpoint.before : checkpoint.durable;
    }
    this.now = clock.now();
    if (how === 'stopped') await pump;
  }

  /** Another agent makes a file, if there is none of that name. */
  #intrude(now: number, number: number): void {
    const path = this.under.foreignPath(now, number);
    if (this.fs.files.has(path)) return;
    this.fs.put(path, 'mine');
    this.foreign.set(path, 'mine');
  }

  /** Until all rows are settled, as the runners and a channel do it. */
  async #deliver(
    sink: Sink,
    numbers: readonly number[],
    settled: Set<number>,
    clock: FakeClock,
    signal: AbortSignal,
  ): Promise<void> {
    for (let tries = 0; ; tries++) {
      const left = numbers.filter((number) => !settled.has(number));
      if (left.length === 0) return;
      assert.ok(tries < 100, 'fails for ever');
      const batch = this.#batch(left);
      const note = (number: number): void => {
        settled.add(number);
        // The source frees the memory of what is settled at once.
        if (left.every((other) => settled.has(other))) free(batch);
      };
      const settler: Settler = {
        settle: (from, to) => {
          for (let row = from; row < to; row++) note(left[row]!);
        },
        settleRows: (rows) => {
          for (const row of rows) note(left[row]!);
        },
      };
      try {
        await sink.deliver(batch, signal, settler);
        assert.ok(
          left.every((number) => settled.has(number)),
          'a delivery resolved with rows that are not settled',
        );
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await clock.sleep(1000);
      }
    }
  }

  #batch(numbers: readonly number[]): EventBatch {
    const bodies = numbers.map((number) => Buffer.from(this.bodyOf(number)));
    const body = Buffer.from(new ArrayBuffer(bodies.reduce((sum, { length }) => sum + length + 1, 0)));
    const starts = new Uint32Array(bodies.length);
    const ends = new Uint32Array(bodies.length);
    let at = 0;
    for (const [i, bytes] of bodies.entries()) {
      starts[i] = at;
      at += bytes.copy(body, at);
      ends[i] = at;
      body[at++] = 10;
    }
    const column = new TextColumn(
      'h',
      numbers.map((number) => this.rows[number]!.h),
    );
    return new EventBatch({ body, starts, ends, headers: [column], delimiter: 10 });
  }

  bodyOf(number: number): string {
    return `${number} ${'x'.repeat(this.rows[number]!.length)}`;
  }

  /** No row is lost; what is doubled was said. */
  checkFallenBack(): void {
    const { fs, under } = this;
    const said = this.log.join('\n');
    for (const [path, content] of this.foreign) assert.equal(fs.text(path), content, said);
    const finished = fs.names().filter((path) => !this.foreign.has(path) && !under.isInUse(path));
    const found = finished.flatMap((path) => [...under.read(fs.files.get(path)!.bytes)]);
    const rows = Array.from(this.rows, (_, i) => this.bodyOf(i));
    assert.deepEqual(
      rows.filter((row) => !found.includes(row)),
      [],
      said,
    );
    if (!/was finished already|not the newest/.test(said)) assert.equal(found.length, rows.length, said);
  }

  /** Every row is in one finished file, once; nothing is left over; the files of others are as they were. */
  check(): void {
    const { fs, under } = this;
    const said = this.log.join('\n');
    for (const [path, content] of this.foreign) {
      assert.ok(fs.files.has(path), `${path} of another agent is gone\n${said}`);
      assert.equal(fs.text(path), content, `${path} of another agent was changed\n${said}`);
    }
    const own = fs.names().filter((path) => !this.foreign.has(path));
    assert.deepEqual(own.filter(under.isInUse), [], said);
    const found = own.flatMap((path) => [...under.read(fs.files.get(path)!.bytes)]);
    const number = (text: string): number => Number.parseInt(text, 10);
    assert.deepEqual(
      found.sort((a, b) => number(a) - number(b)),
      Array.from(this.rows, (_, i) => this.bodyOf(i)),
      said,
    );
    assert.deepEqual(this.last.part, { files: [] }, said);
  }
}

function free(batch: EventBatch): void {
  for (const array of [batch.body, batch.starts, batch.ends]) (array.buffer as ArrayBuffer).transfer(0);
}

/** What a sink of files promises with a checkpoint: whenever it dies, each row is in a finished file once. */
export function crashContract(name: string, under: CrashingSink): void {
  describe(`crash contract: ${name}`, function () {
    this.timeout(120_000);

    it('has every row once in finished files, however often and whenever it dies, and leaves others alone', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 5 }), async (lives) => {
          const world = new World(under);
          for (const plan of lives) await world.live(plan);
          await world.live(undefined);
          world.check();
        }),
        { numRuns: under.runs ?? 150 },
      );
    });

    it('loses nothing when the newest checkpoint is damaged, and says what may be doubled', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
          const world = new World(under, true);
          for (const plan of lives) await world.live(plan);
          await world.live(undefined);
          world.checkFallenBack();
        }),
        { numRuns: under.runs ?? 150 },
      );
    });
  });
}
