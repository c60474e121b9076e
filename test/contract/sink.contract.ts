import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Sink } from '../../src/component/sink.ts';
import { EventBatch } from '../../src/event/event-batch.ts';
import { TextColumn } from '../../src/event/header-columns.ts';
import { FakeClock } from '../support/context.ts';
import { type Calls, type Fault, MemoryFileSystem } from '../support/memory-file-system.ts';
import { sinkContext, type TestSinkContext } from '../support/sinks.ts';

export interface FileSinkUnderTest {
  /** A sink over the file system of the context, not opened yet. Header `h` of the events is `a`, `b` or `c`. */
  readonly make: (context: TestSinkContext) => Sink;
  /** The bodies in a finished file, in order. Throws when it is not whole. */
  readonly read: (bytes: Buffer) => readonly string[];
  /** Whether a file bears the name of one that is still being written. */
  readonly isInUse: (path: string) => boolean;
  readonly runs?: number;
}

/** What befalls a call: it fails or not, and takes so many turns of the event loop. */
interface Mishap {
  readonly fault: Fault;
  readonly turns: number;
}

const CALLS: readonly Calls[] = ['create', 'write', 'flush', 'close', 'rename', 'truncate', 'remove', 'stat'];
const fault = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fault>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('before', 'after') },
);
const mishaps = fc.array(fc.record<Mishap>({ fault, turns: fc.oneof(fc.constant(0), fc.nat(4)) }), { maxLength: 12 });
/** For each kind of call what befalls its first, second, … instance; the later ones fare well. */
const weather = fc.record(Object.fromEntries(CALLS.map((call) => [call, mishaps])) as Record<Calls, typeof mishaps>);
const batch = fc.record({
  rows: fc.array(fc.record({ h: fc.constantFrom('a', 'b', 'c'), length: fc.nat(40) }), { minLength: 1, maxLength: 8 }),
  /** Turns of the event loop before the next one. */
  turns: fc.oneof(fc.constant(0), fc.nat(6)),
});
const batches = fc.array(batch, { minLength: 1, maxLength: 12 });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A batch in memory of its own, with numbered bodies. */
function batchFrom(rows: readonly { h: string; length: number }[], first: number): EventBatch {
  const bodies = rows.map(({ length }, i) => Buffer.from(`${first + i} ${'x'.repeat(length)}`));
  const total = bodies.reduce((sum, body) => sum + body.length + 1, 0);
  const body = Buffer.from(new ArrayBuffer(total));
  const starts = new Uint32Array(rows.length);
  const ends = new Uint32Array(rows.length);
  let at = 0;
  for (const [i, bytes] of bodies.entries()) {
    starts[i] = at;
    at += bytes.copy(body, at);
    ends[i] = at;
    body[at++] = 10;
  }
  const headers = [
    new TextColumn(
      'h',
      rows.map(({ h }) => h),
    ),
  ];
  return new EventBatch({ body, starts, ends, headers, delimiter: 10 });
}

/** Frees the memory of a batch as the source runner does: who reads it now reads nothing. */
function free(batch: EventBatch): void {
  for (const array of [batch.body, batch.starts, batch.ends]) (array.buffer as ArrayBuffer).transfer(0);
}

/** Rows on their way, driven as the sink runner drives them. */
class Driver {
  readonly fs = new MemoryFileSystem();
  readonly clock = new FakeClock();
  readonly sink: Sink;
  readonly abort = new AbortController();
  readonly resolved: string[] = [];
  readonly underWay = new Set<Promise<void>>();
  #failed: EventBatch[] = [];
  #over = false;
  #pump: Promise<void>;

  constructor(make: FileSinkUnderTest['make'], weather: Record<Calls, readonly Mishap[]>) {
    this.fs.folders.add('/l');
    const counts = new Map<Calls, number>();
    this.fs.fault = async (call) => {
      const count = counts.get(call) ?? 0;
      counts.set(call, count + 1);
      const mishap = weather[call][count];
      for (let i = mishap?.turns ?? 0; i > 0; i--) await turn();
      return mishap?.fault ?? 'none';
    };
    this.sink = make(sinkContext(this.fs, this.clock));
    this.#pump = this.#drive();
  }

  /** Time goes by, a quarter of a second a turn. */
  async #drive(): Promise<void> {
    while (!this.#over) {
      await this.clock.advance(250);
      await this.sink.maintain?.(this.clock.now());
    }
  }

  async open(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.sink.open();
        return;
      } catch (error) {
        if (tries > 50) throw error;
        await this.clock.sleep(1000);
      }
    }
  }

  /** One delivery; after a failure none begins before all have ended, then those that failed come again, in order. */
  async deliver(batch: EventBatch): Promise<void> {
    if (this.#failed.length > 0) await this.settle();
    const names = Array.from({ length: batch.length }, (_, row) => batch.bodyOf(row).toString());
    const delivery: Promise<void> = this.sink.deliver(batch, this.abort.signal).then(
      () => {
        this.resolved.push(...names);
        free(batch);
        this.underWay.delete(delivery);
      },
      () => {
        this.#failed.push(batch);
        this.underWay.delete(delivery);
      },
    );
    this.underWay.add(delivery);
  }

  /** Until every row is through, or the signal has come. */
  async settle(): Promise<void> {
    for (let tries = 0; ; tries++) {
      await Promise.all(this.underWay);
      if (this.#failed.length === 0 || this.abort.signal.aborted) return;
      assert.ok(tries < 200, 'deliveries fail for ever');
      const again = this.#failed.sort(
        (a, b) => Number.parseInt(a.body.toString(), 10) - Number.parseInt(b.body.toString(), 10),
      );
      this.#failed = [];
      await this.clock.sleep(1000);
      for (const batch of again) await this.deliver(batch);
    }
  }

  /** Those whose delivery was rejected last. */
  get failed(): readonly EventBatch[] {
    return this.#failed;
  }

  forget(): void {
    this.#failed = [];
  }

  async close(): Promise<void> {
    await this.sink.close(this.abort.signal);
    this.#over = true;
    await this.#pump;
  }
}

/** What every sink of files promises, whatever its file system does: each row that was taken over is there once. */
export function fileSinkContract(name: string, { make, read, isInUse, runs = 100 }: FileSinkUnderTest): void {
  function filesOf(driver: Driver): string[][] {
    for (const path of driver.fs.names()) assert.ok(!isInUse(path), `${path} is left in use`);
    return driver.fs.names().map((path) => [...read(driver.fs.files.get(path)!.bytes)]);
  }

  function inOrder(files: readonly string[][], deliveries: readonly (readonly string[])[]): void {
    const deliveryOf = new Map(deliveries.flatMap((rows, i) => rows.map((row) => [row, i] as const)));
    for (const rows of files) {
      const last = new Map<number, number>();
      for (const row of rows) {
        const number = Number.parseInt(row, 10);
        const delivery = deliveryOf.get(row)!;
        assert.ok(number > (last.get(delivery) ?? -1), `${row} stands behind a later row of its delivery`);
        last.set(delivery, number);
      }
    }
  }

  describe(`sink contract: ${name}`, function () {
    this.timeout(60_000);

    it('has every row once in its finished files, whatever fails and whenever memory is freed', async () => {
      await fc.assert(
        fc.asyncProperty(weather, batches, async (faults, plan) => {
          const driver = new Driver(make, faults);
          await driver.open();
          const deliveries: string[][] = [];
          let row = 0;
          for (const { rows, turns } of plan) {
            const batch = batchFrom(rows, row);
            row += rows.length;
            deliveries.push(Array.from(rows, (_, i) => batch.bodyOf(i).toString()));
            await driver.deliver(batch);
            for (let i = 0; i < turns; i++) await turn();
          }
          await driver.settle();
          driver.fs.fault = () => 'none';
          await driver.close();
          const files = filesOf(driver);
          const sorted = (all: readonly string[]) =>
            all.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
          assert.deepEqual(sorted(files.flat()), deliveries.flat());
          assert.deepEqual(sorted(driver.resolved), deliveries.flat());
          inOrder(files, deliveries);
        }),
        { numRuns: runs },
      );
    });

    it('has no row of a delivery that it rejected', async () => {
      await fc.assert(
        fc.asyncProperty(weather, batches, async (faults, plan) => {
          const driver = new Driver(make, faults);
          await driver.open();
          let row = 0;
          for (const { rows, turns } of plan) {
            const batch = batchFrom(rows, row);
            row += rows.length;
            await driver.deliver(batch);
            for (let i = 0; i < turns; i++) await turn();
            if (driver.failed.length === 0) continue;
            await Promise.all(driver.underWay);
            driver.forget();
          }
          await Promise.all(driver.underWay);
          driver.fs.fault = () => 'none';
          await driver.close();
          assert.deepEqual(filesOf(driver).flat().sort(), driver.resolved.sort());
        }),
        { numRuns: runs },
      );
    });

    it('settles every delivery and its close soon after the signal, whatever hangs', async () => {
      await fc.assert(
        fc.asyncProperty(weather, batches, fc.constantFrom(...CALLS), fc.nat(20), async (faults, plan, call, turns) => {
          const driver = new Driver(make, faults);
          await driver.open();
          const before = driver.fs.fault;
          driver.fs.fault = (other, path) => (other === call ? new Promise(() => {}) : before(other, path));
          const deliveries: Promise<unknown>[] = [];
          let row = 0;
          for (const { rows } of plan) {
            const batch = batchFrom(rows, row);
            row += rows.length;
            deliveries.push(driver.sink.deliver(batch, driver.abort.signal).catch(() => {}));
          }
          for (let i = 0; i < turns; i++) await turn();
          driver.abort.abort();
          const from = driver.clock.now();
          await Promise.all(deliveries);
          await driver.close();
          assert.ok(driver.clock.now() - from < 10_000, `${driver.clock.now() - from} ms`);
        }),
        { numRuns: runs },
      );
    });
  });
}
