/**
 * Kills whole agents, under load, as often as one likes, and looks whether every line came out once:
 * `npm run torture -- [--kills 500] [--seed S] [--only WORD]`.
 */
import { parseArgs } from 'node:util';
import { PEER_SCENARIOS } from './peer-scenarios.ts';
import { explain, type Outcome, runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    only: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const scenarios = [...SCENARIOS, ...PEER_SCENARIOS].filter(({ name }) => name.includes(values.only));
const share = Math.ceil(Number(values.kills) / scenarios.length);
const outcomes: Outcome[] = [];

console.log(`${share} kills in each of ${scenarios.length} scenarios, seed ${seed}`);
for (const [i, scenario] of scenarios.entries()) {
  const progress = (kills: Outcome['kills']): void => {
    if (kills.length % 10 === 0) console.log(`  ${scenario.name}: ${kills.length} of ${share} kills`);
  };
  try {
    const outcome = await runScenario(scenario, { seed: seed + i, kills: share, progress });
    outcomes.push(outcome);
    console.log(outcome.problems.length === 0 ? `good: ${scenario.name}` : `FAILED ${explain(outcome)}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED ${scenario.name}, seed ${seed + i}:`, error);
  }
}
summarize();
if (outcomes.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
process.exit();

function summarize(): void {
  const points = [...new Set(outcomes.flatMap(({ kills }) => kills.map(({ point }) => point)))].sort();
  const rows = outcomes.map(({ scenario, kills, lines, rotations, doubled, lost, seconds, problems }) => ({
    scenario,
    kills: kills.length,
    ...Object.fromEntries(points.map((point) => [point, kills.filter((kill) => kill.point === point).length])),
    lines,
    rotations,
    doubled,
    lost,
    seconds: Math.round(seconds),
    good: problems.length === 0,
  }));
  console.table(rows);
  console.log(`${outcomes.reduce((sum, { kills }) => sum + kills.length, 0)} kills, seed ${seed}`);
}
