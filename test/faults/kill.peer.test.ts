import assert from 'node:assert/strict';
import { PEER_SCENARIOS } from './peer-scenarios.ts';
import { explain, runScenario } from './run-scenario.ts';

const KILLS = 5;

describe('every line is once in a real HDFS, though the agent is killed again and again:', function () {
  this.timeout(300_000);

  for (const scenario of PEER_SCENARIOS) {
    it(scenario.name, async () => {
      const seed = Math.floor(Math.random() * 1e9);
      const outcome = await runScenario(scenario, { seed, kills: KILLS });
      assert.ok(outcome.problems.length === 0, explain(outcome));
    });
  }
});
