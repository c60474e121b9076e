import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventFileWriter, FormatSettings, OpenFormat } from '../../src/component/format.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { MemoryFile } from '../support/memory-file.ts';

export interface FormatUnderTest {
  readonly open: OpenFormat;
  readonly settings: () => FormatSettings;
  /** The bodies in a file. Throws when the file is not whole. */
  readonly read: (bytes: Buffer) => readonly Buffer[];
  /** How often properties are tried; fewer where reading starts a program. */
  readonly runs?: number;
}

/** Bodies without a line feed, so that every format can tell them apart. */
const bodies = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 0 : byte)))),
    fc.constant(Buffer.alloc(70_000, 'long ')),
  ),
  { minLength: 1, maxLength: 40 },
);
/** How many rows are written, and what happens then. */
const steps = fc.array(fc.record({ rows: fc.nat(15), after: fc.constantFrom('nothing', 'flush', 'flush beside') }));

/** What every writer of a format promises; see `component/format.ts`. */
export function formatContract(name: string, format: FormatUnderTest): void {
  async function opened(file: MemoryFile, first = batchOf([{ body: 'one' }])): Promise<EventFileWriter> {
    return await format.open(file, format.settings(), first);
  }

  describe(`format contract: ${name}`, () => {
    it('leaves, cut after any flush, a whole file with the rows written before that flush was called', async () => {
      await fc.assert(
        fc.asyncProperty(bodies, steps, fc.boolean(), async (lines, plan, delimited) => {
          const batch = delimited ? batchOfLines(lines) : batchOf(lines.map((body) => ({ body })));
          const file = new MemoryFile();
          const writer = await opened(file, batch);
          let row = 0;
          const flushes: { rows: number; length: Promise<number> }[] = [];
          for (const step of plan) {
            const to = Math.min(batch.length, row + step.rows);
            await writer.write(batch, row, to);
            row = to;
            if (step.after === 'nothing' || row === 0) continue;
            const length = writer.flush();
            flushes.push({ rows: row, length });
            if (step.after === 'flush') await length;
          }
          await writer.write(batch, row, batch.length);
          for (const flush of flushes) {
            const length = await flush.length;
            assert.ok(length <= file.durable, 'told durable before it was');
            assert.deepEqual(format.read(file.bytes(length)), lines.slice(0, flush.rows));
          }
          await writer.close();
          assert.ok(file.closed);
          assert.deepEqual(format.read(file.bytes()), lines);
        }),
        { numRuns: format.runs ?? 100 },
      );
    });

    it('adds nothing by a flush without new rows', async () => {
      const file = new MemoryFile();
      const batch = batchOf([{ body: 'one' }]);
      const writer = await opened(file, batch);
      await writer.write(batch, 0, 1);
      const length = await writer.flush();
      assert.equal(await writer.flush(), length);
      assert.equal(file.length, length);
    });

    it('resolves a flush and a close only when the file did', async () => {
      const file = new MemoryFile();
      const batch = batchOf([{ body: 'one' }]);
      const writer = await opened(file, batch);
      await writer.write(batch, 0, 1);
      for (const end of ['flush', 'close'] as const) {
        const { promise, resolve } = Promise.withResolvers<void>();
        file.flushGate = promise;
        let done = false;
        const ended = writer[end]().then(() => {
          done = true;
        });
        await new Promise((wait) => setTimeout(wait, 20));
        assert.ok(!done);
        resolve();
        await ended;
      }
    });

    it('rejects flush and close when the file fails, and can be abandoned', async () => {
      const file = new MemoryFile();
      const batch = batchOf([{ body: 'one' }]);
      const writer = await opened(file, batch);
      file.failure = new Error('disk gone');
      await writer.write(batch, 0, 1).catch(() => {});
      await assert.rejects(writer.flush(), /disk gone/);
      await assert.rejects(writer.close(), /disk gone/);
      await writer.abandon();
      assert.ok(file.abandoned);
    });
  });
}
