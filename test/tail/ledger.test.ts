import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LinePiece, LineRows } from '../../src/event/line-splitter.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { NO_MARK } from '../../src/tail/fingerprint.ts';
import { Ledger } from '../../src/tail/ledger.ts';
import { parsePart, renderFile, renderPart, type SavedFile } from '../../src/tail/saved-files.ts';

const CHANNELS = ['c1', 'c2'] as const;

/** Lines of these lengths, back to back from an offset on. */
function batchAt(offset: number, lengths: readonly number[]): { piece: LinePiece; rows: LineRows } {
  const starts: number[] = [];
  let at = 0;
  for (const length of lengths) {
    starts.push(at);
    at += length;
  }
  const piece = { bytes: Buffer.alloc(at), offset, end: offset + at, isCutLine: false };
  const ends = starts.map((start, i) => start + lengths[i] - 1);
  return { piece, rows: { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), delimiter: 10 } };
}

function save(ledger: Ledger): SavedFile {
  const file = {
    key: '1:2',
    inode: '2',
    path: '/a "b"',
    pos: ledger.position,
    size: undefined,
    modified: 0,
    born: 0n,
    head: NO_MARK,
    before: ledger.mark,
    settled: ledger.settled,
    cuts: [],
    isGone: false,
  };
  const saved = parsePart(JSON.parse(renderPart([renderFile(file)])))?.[0];
  assert.ok(saved);
  return saved;
}

/** By row of a batch: which channels it goes to (1, 2 or both), and which of them settle it in which life. */
const row = fc.record({
  length: fc.integer({ min: 1, max: 400 }),
  ways: fc.integer({ min: 1, max: 3 }),
  lives: fc.tuple(fc.nat(4), fc.nat(4)),
});

describe('the ledger of a tailed file', () => {
  it('has each line settled once on each of its ways, whatever settles when, over any number of lives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (batches, isSealed) => {
          const lines = batches.flat();
          const offsets = [0];
          for (const { length } of lines) offsets.push(offsets[offsets.length - 1] + length);
          const delivered = lines.map(() => [0, 0]);
          let saved: SavedFile | undefined;
          for (let life = 0; life <= 5; life++) {
            const ledger = new Ledger(saved?.pos ?? 0, NO_MARK, saved?.settled);
            // The same batches, from the position on.
            let first = offsets.indexOf(ledger.position);
            assert.ok(first >= 0, 'the position is at a line');
            for (const [number, size] of batches.map((batch) => batch.length).entries()) {
              const count = Math.min(size, lines.length - first);
              const part = lines.slice(first, first + count);
              if (part.length === 0) break;
              const { piece, rows } = batchAt(
                offsets[first],
                part.map(({ length }) => length),
              );
              const settled = ledger.settledRows(piece, rows);
              const receipt = new Receipt(count);
              ledger.add(receipt, piece, rows, NO_MARK);
              for (const [channel, name] of CHANNELS.entries()) {
                const done = new Set(settled?.get(name));
                const mine = [...part.keys()].filter((i) => part[i].ways & (1 << channel) && !done.has(i));
                const leg = receipt.leg(name, Uint32Array.from(mine));
                const now = [...mine.keys()].filter((i) => life === 5 || part[mine[i]].lives[channel] === life);
                for (const i of now) delivered[first + mine[i]][channel]++;
                leg.settleRows(Uint32Array.from(now));
              }
              // The last life is a quiet one; in others a batch may still wait for room somewhere.
              if (life === 5 || isSealed[number]) receipt.seal();
              first += count;
            }
            saved = save(ledger);
          }
          assert.equal(saved?.pos, offsets.at(-1));
          const expected = lines.map(({ ways }) => [ways & 1, ways >> 1]);
          assert.deepEqual(delivered, expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('knows what stood before its position, also within a batch', () => {
    const ledger = new Ledger(100);
    const { piece, rows } = batchAt(100, [10, 10, 10]);
    piece.bytes.fill('x');
    const receipt = new Receipt(3);
    ledger.add(receipt, piece, rows, { at: 130, length: 30, crc: 1 });
    const leg = receipt.leg('c1');
    receipt.seal();
    assert.deepEqual(ledger.mark, NO_MARK);
    leg.settle(0, 1);
    assert.deepEqual([ledger.position, ledger.mark.at, ledger.mark.length], [110, 110, 10]);
    leg.settle(0, 3);
    assert.deepEqual([ledger.position, ledger.mark], [130, { at: 130, length: 30, crc: 1 }]);
  });

  it('keeps lines without an event behind those that are under way', () => {
    const ledger = new Ledger(0);
    const { piece, rows } = batchAt(0, [10]);
    const receipt = new Receipt(1);
    ledger.add(receipt, piece, rows, NO_MARK);
    ledger.skip(500, NO_MARK);
    assert.equal(ledger.position, 0);
    receipt.leg('c1').settle(0, 1);
    receipt.seal();
    assert.equal(ledger.position, 500);
    ledger.skip(700, NO_MARK);
    assert.equal(ledger.position, 700);
  });

  it('forgets a batch that was refused', () => {
    const ledger = new Ledger(0);
    const { piece, rows } = batchAt(0, [10]);
    const receipt = new Receipt(1);
    ledger.add(receipt, piece, rows, NO_MARK);
    ledger.withdraw(receipt);
    assert.ok(ledger.isSettled);
    const again = new Receipt(1);
    ledger.add(again, piece, rows, NO_MARK);
    again.leg('c1').settle(0, 1);
    again.seal();
    assert.equal(ledger.position, 10);
  });

  it('keeps little in mind of what is durable while an older batch waits for hours', () => {
    let asked = 0;
    class CountingReceipt extends Receipt {
      override get legs(): Receipt['legs'] {
        asked++;
        return super.legs;
      }
    }
    const ledger = new Ledger(0);
    const add = (offset: number, channels: readonly string[]): Receipt => {
      const receipt = new CountingReceipt(2);
      const { piece, rows } = batchAt(offset, [5, 5]);
      ledger.add(receipt, piece, rows, { at: offset + 10, length: 1, crc: offset });
      for (const channel of channels) receipt.leg(channel);
      receipt.seal();
      return receipt;
    };
    const waits = add(0, CHANNELS);
    waits.legs[0]!.settle(0, 2);
    for (let i = 1; i <= 10_000; i++) {
      const receipt = add(i * 10, [CHANNELS[i % 2]!]);
      for (const leg of receipt.legs) leg.settle(0, 2);
    }
    asked = 0;
    assert.equal(ledger.position, 0);
    const ranges = ledger.settled.get('c1') ?? [];
    assert.deepEqual([ranges[0], ranges.at(-1)], [0, 100_010]);
    assert.ok(ranges.length < 1000, `${ranges.length / 2} ranges`);
    assert.ok(asked < 1000, `${asked} batches are kept in mind`);
    assert.deepEqual(ledger.lastMark, { at: 100_010, length: 1, crc: 100_000 });
    waits.legs[1]!.settle(0, 2);
    assert.equal(ledger.position, 100_010);
    assert.deepEqual(ledger.mark, { at: 100_010, length: 1, crc: 100_000 });
    assert.ok(ledger.isSettled);
    assert.equal(ledger.settled.size, 0);
  });
});
