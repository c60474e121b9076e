import assert from 'node:assert/strict';
import { explain, type Outcome, runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { sideBySide } from './side-by-side.ts';

const KILLS = 4;
/** Scenarios at a time. */
const WIDTH = 3;

describe('every line comes out once, though the agent is killed again and again:', function () {
  this.timeout(240_000);
  let outcomes: ReadonlyMap<(typeof SCENARIOS)[number], Promise<Outcome>>;

  before(() => {
    // Another seed each time: it is shown when something is wrong, and `npm run torture` takes it.
    const run = (scenario: (typeof SCENARIOS)[number]): Promise<Outcome> =>
      runScenario(scenario, { seed: Math.floor(Math.random() * 1e9), kills: KILLS });
    outcomes = sideBySide(SCENARIOS, WIDTH, run);
  });

  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      const outcome = await outcomes.get(scenario)!;
      assert.ok(outcome.problems.length === 0, explain(outcome));
    });
  }
});
