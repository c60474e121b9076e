import fc from 'fast-check';
import { type Action, play, type Setting } from './model/play.ts';

/*
 * A reader of files against a writer and a rotator that do whatever they like: `npm run torture` plays thousands of games, the suite some. A game that fails
 * prints its seed; it then gets a test of its own below.
 */

const RUNS = Number(process.env['SLUICE_MODEL_RUNS'] ?? 60);
const SEED = process.env['SLUICE_MODEL_SEED'];

const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(3000)), { minLength: 1, maxLength: 30 });

const when = fc.constantFrom('running' as const, 'stopped' as const, 'crashed' as const);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), lengths, partial: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rotate' as const), keepsOld: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write old' as const), lengths }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('copytruncate' as const, 'replace' as const), lengths, when }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      lake: fc.constantFrom(0 as const, 1 as const),
      every: fc.integer({ min: 1, max: 4 }),
      from: fc.nat(3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('checkpoint' as const, 'look' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('start' as const, 'stop' as const, 'crash' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'release' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close old' as const, 'create' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'delete oldest' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('link' as const, 'unlink' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide folder' as const), lengths }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew folder' as const), when }) },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  place: fc.constantFrom('inside' as const, 'outside' as const, 'link' as const),
  maxOpenFiles: fc.constantFrom(1, 2, 100),
  idleTimeout: fc.constantFrom(10, 100_000),
});

describe('the tailing reader', () => {
  it('gives every line once and in order, whatever the writer and the rotator do, over stops and crashes', async function () {
    this.timeout(0);
    await fc.assert(fc.asyncProperty(setting, fc.array(action, { minLength: 5, maxLength: 40, size: 'max' }), play), {
      numRuns: RUNS,
      endOnFailure: RUNS > 100,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    });
  });
});
