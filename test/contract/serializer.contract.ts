import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Serializer } from '../../src/component/serializer.ts';
import { ConstantColumn, NumberColumn, TextColumn } from '../../src/event/header-columns.ts';
import type { SampleEvent } from '../support/batches.ts';
import { batchOf } from '../support/batches.ts';

export interface SerializerUnderTest {
  readonly make: () => Serializer;
  /** The events in a file: their bodies, and their headers where the serializer writes them. Throws when the file is not whole. */
  readonly read: (bytes: Buffer) => readonly SampleEvent[];
  readonly headers: boolean;
  /** Bodies that it can write such that they can be read again; any bytes but line feeds when nothing is said. */
  readonly bodies?: fc.Arbitrary<Buffer>;
}

const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes.map((b) => (b === 10 ? 0 : b))));
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'ключ', '😀', '-'), minLength: 1, maxLength: 40 });
const eventsOf = (bodies: fc.Arbitrary<Buffer>) =>
  fc.array(fc.record({ body: bodies, level: fc.option(word, { nil: undefined }), at: fc.nat() }), {
    minLength: 1,
    maxLength: 30,
  });

/** What every serializer promises; see `component/serializer.ts`. */
export function serializerContract(name: string, serializer: SerializerUnderTest): void {
  describe(`serializer contract: ${name}`, () => {
    it('makes a file that is whole after every unit, and never changes a Buffer that it gave away', async () => {
      await fc.assert(
        fc.asyncProperty(eventsOf(serializer.bodies ?? body), fc.array(fc.nat(10)), async (some, sizes) => {
          const batch = batchOf(some)
            .withHeader(new ConstantColumn('host', 'web-1'))
            .withHeader(
              new TextColumn(
                'level',
                some.map((event) => event.level),
              ),
            )
            .withHeader(
              new NumberColumn(
                'timestamp',
                Float64Array.from(some, (event) => event.at),
              ),
            );
          const expected = some.map((event) => {
            const level = event.level === undefined ? {} : { level: event.level };
            const headers = { host: 'web-1', ...level, timestamp: String(event.at) };
            return serializer.headers ? { headers, body: event.body } : { body: event.body };
          });
          const one = serializer.make();
          // An abandoned file leaves nothing for the next.
          await one.begin(batch);
          one.rows(batch, 0, 1);

          const given: Buffer[] = [];
          const copies: Buffer[] = [];
          const take = (chunks: readonly Buffer[]) => {
            given.push(...chunks);
            copies.push(...chunks.map((chunk) => Buffer.from(chunk)));
          };
          take(await one.begin(batch));
          let row = 0;
          for (const size of [...sizes, batch.length]) {
            const to = Math.min(batch.length, row + size);
            take(one.rows(batch, row, to));
            row = to;
            if (size % 2 === 1) continue;
            take(one.endUnit());
            assert.deepEqual(serializer.read(Buffer.concat(given)), expected.slice(0, row));
          }
          take(one.endUnit());
          take(one.end());
          assert.deepEqual(serializer.read(Buffer.concat(given)), expected);
          assert.deepEqual(given, copies);
        }),
      );
    });
  });
}
