import assert from 'node:assert/strict';
import { SluiceError } from '../../src/errors.ts';
import { deliverWhole, type Written } from '../../src/formats/deliver-whole.ts';
import { FakeClock, memoryLogger } from '../support/context.ts';

/** Writes pieces (numbers) that fail as often as `failures` says; counts the rounds after the first. */
function make(failures: Readonly<Record<number, number>>) {
  const clock = new FakeClock();
  const log = memoryLogger();
  const abort = new AbortController();
  const left = new Map(Object.entries(failures).map(([piece, count]) => [Number(piece), count]));
  const written: number[] = [];
  let rounds = 0;
  const write = (piece: number): Written<number>[] => {
    const failing = left.get(piece) ?? 0;
    left.set(piece, failing - 1);
    if (failing > 0) return [{ piece, done: Promise.reject(new SluiceError('NO_SPACE', `piece ${piece}`)) }];
    written.push(piece);
    return [{ piece, done: Promise.resolve() }];
  };
  const deliver = (pieces: readonly number[]) =>
    deliverWhole(pieces, write, { clock, log, signal: abort.signal, again: () => rounds++ });
  return { clock, log, abort, written, deliver, rounds: () => rounds };
}

describe('a delivery in pieces', () => {
  it('rejects when none is durable', async () => {
    const { deliver, log, rounds } = make({ 1: 1, 2: 1 });
    await assert.rejects(deliver([1, 2]), { code: 'NO_SPACE', message: /piece 1/ });
    assert.equal(rounds(), 0);
    assert.deepEqual(log.lines, []);
  });

  it('is finished when a part of it is durable, each piece once', async () => {
    const { deliver, clock, log, written, rounds } = make({ 2: 3 });
    const delivery = deliver([1, 2, 3]);
    await clock.advance(1000);
    await clock.advance(2000);
    await clock.advance(3000);
    await delivery;
    assert.deepEqual(written, [1, 3, 2]);
    assert.equal(rounds(), 3);
    assert.match(log.lines[0]!, /^ERROR A part .*There is no room left: piece 2\. Tries again in 1 s\. Make room/);
  });

  it('says so once, however many have the same trouble', async () => {
    const { deliver, clock, log } = make({ 2: 9 });
    const deliveries = [deliver([1, 2]), deliver([1, 2]), deliver([1, 2])];
    await clock.advance(1);
    assert.equal(log.lines.length, 1);
    await clock.advance(60_000);
    await Promise.all(deliveries);
  });

  it('ends with the signal', async () => {
    const { deliver, clock, abort } = make({ 2: 1000 });
    const rejected = assert.rejects(deliver([1, 2]), { code: 'NO_SPACE' });
    await clock.advance(10_000);
    abort.abort();
    await rejected;
  });

  it('takes an error while writing for a piece that failed', async () => {
    const error = new SluiceError('CONFIG_INVALID', 'no such place');
    const write = (): never => {
      throw error;
    };
    const settings = {
      clock: new FakeClock(),
      log: memoryLogger(),
      signal: new AbortController().signal,
      again: () => {},
    };
    await assert.rejects(deliverWhole([1], write, settings), error);
  });
});
