import assert from 'node:assert/strict';
import { explain, runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const KILLS = 4;

describe('every line comes out once, though the agent is killed again and again:', function () {
  this.timeout(180_000);

  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      // Another one each time: it is shown when something is wrong, and `npm run torture` takes it.
      const seed = Math.floor(Math.random() * 1e9);
      const outcome = await runScenario(scenario, { seed, kills: KILLS });
      assert.ok(outcome.problems.length === 0, explain(outcome));
    });
  }
});
