import assert from 'node:assert/strict';
import { GivenReader } from '../../../src/sentry/headers.ts';
import { rowsOf as sentryRows } from '../../../src/sentry/rows.ts';
import { parseTime } from '../../../src/sentry/time.ts';
import { batchOf } from '../../../src/sources/sentry/batch.ts';
import { rowsOf } from '../../../src/sources/sentry/rows.ts';
import type { Submission } from '../../../src/sources/sentry/submission.ts';
import { Turns } from '../../../src/sources/sentry/turns.ts';

function submission(items: readonly (readonly [string, string])[]): Submission {
  return {
    project: '42',
    eventId: undefined,
    received: 0,
    sentAt: Number.NaN,
    sdk: undefined,
    items: items.map(([type, payload]) => ({ type, payload: Buffer.from(payload), headers: {} })),
  };
}

/** How many turns of the event loop pass until the rows of all are there. */
async function turnsOf(...requests: readonly Submission[]): Promise<number> {
  let turns = 0;
  let turn: NodeJS.Immediate;
  const count = (): void => {
    turns++;
    turn = setImmediate(count);
  };
  turn = setImmediate(count);
  const shared = new Turns();
  await Promise.all(requests.map((request) => rowsOf(request, undefined, shared)));
  clearImmediate(turn);
  return turns;
}

describe('rows of a request', () => {
  it('come at once when it is short, and make way for others when it is long', async () => {
    const short = ['log', '{"items":[{}]}'] as const;
    const long = ['log', `{"items":[{"body":"${'x'.repeat(1 << 20)}"}]}`] as const;
    assert.equal(await turnsOf(submission(Array.from({ length: 100 }, () => short))), 0);
    assert.equal(await turnsOf(submission([long])), 0);
    assert.equal(await turnsOf(submission([long, short, long, long])), 3);
  });

  it('share the turns: long requests that come at once are read in one each, short ones together', async () => {
    const short = submission([['log', '{"items":[{}]}']]);
    const long = submission([['log', `{"items":[{"body":"${'x'.repeat(1 << 20)}"}]}`]]);
    assert.equal(await turnsOf(...Array.from({ length: 1000 }, () => short)), 0);
    assert.equal(await turnsOf(...Array.from({ length: 8 }, () => long)), 7);
    assert.equal(await turnsOf(long, short, short, short), 1);
  });

  it('stay in order, and have the id of the event wherever it stands', async () => {
    const id = 'c'.repeat(32);
    const items = [
      ['attachment', 'a'],
      ['user_report', '{"comments":"x"}'],
      ['event', `{"event_id":"${id}"}`],
      ['log', '{"items":[{}]}'],
    ] as const;
    const { rows, eventId } = await rowsOf(submission(items), undefined, new Turns());
    assert.equal(eventId, id);
    assert.deepEqual(
      rows.map(({ itemType, body }) => [itemType, body.toString()]),
      items,
    );
    assert.deepEqual(
      rows.map((row) => row.eventId),
      [id, id, id, undefined],
    );
  });

  it('have the time that a serializer makes of their headers, also of a client whose clock is a fraction off', async () => {
    const received = Date.parse('2026-11-23T00:00:00Z');
    const event = ['event', '{"timestamp":"2026-11-22T22:59:59.999600Z"}'] as const;
    for (const sentAt of [received - 3_600_000 + 0.5, received - 55 * 60_000 + 0.5]) {
      const { rows } = await rowsOf({ ...submission([event]), received, sentAt }, undefined, new Turns());
      const batch = batchOf(rows);
      const made = sentryRows(batch.bodyOf(0), new GivenReader(batch).of(0), { crash: 'last' })[0]!;
      assert.equal(batch.header('timestamp')!.number(0), Math.floor(parseTime(made.timestamp) / 1000));
    }
  });
});
