import assert from 'node:assert/strict';
import { rowsOf } from '../../../src/sources/sentry/rows.ts';
import type { Submission } from '../../../src/sources/sentry/submission.ts';

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

/** How many turns of the event loop pass until the rows are there. */
async function turnsOf(of: Submission): Promise<number> {
  let turns = 0;
  let turn: NodeJS.Immediate;
  const count = (): void => {
    turns++;
    turn = setImmediate(count);
  };
  turn = setImmediate(count);
  await rowsOf(of, undefined);
  clearImmediate(turn);
  return turns;
}

describe('rows of a request', () => {
  it('come at once when it is short, and make way for others when it is long', async () => {
    const short = ['log', '{"items":[{}]}'] as const;
    const long = ['log', `{"items":[{"body":"${'x'.repeat(1 << 20)}"}]}`] as const;
    assert.equal(await turnsOf(submission(Array.from({ length: 100 }, () => short))), 0);
    assert.equal(await turnsOf(submission([long])), 0);
    assert.equal(await turnsOf(submission([long, short, long, long])), 2);
  });

  it('stay in order, and have the id of the event wherever it stands', async () => {
    const id = 'c'.repeat(32);
    const items = [
      ['attachment', 'a'],
      ['user_report', '{"comments":"x"}'],
      ['event', `{"event_id":"${id}"}`],
      ['log', '{"items":[{}]}'],
    ] as const;
    const { rows, eventId } = await rowsOf(submission(items), undefined);
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
});
