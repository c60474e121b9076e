/**
 * Kills whole agents, under load, as often as one likes, and looks whether every line came out once:
 * `npm run torture -- [--kills 500] [--seed S] [--only WORD]`.
 */
import { parseArgs } from 'node:util';
import { FAULT_POINTS } from './fault-points.ts';
import { PEER_SCENARIOS } from './peer-scenarios.ts';
import { explain, type Outcome, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { sideBySide } from './side-by-side.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    only: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const scenarios = [...SCENARIOS, ...PEER_SCENARIOS].filter(({ name }) => name.includes(values.only));
if (scenarios.length === 0 || !Number.isInteger(seed) || !(Number(values.kills) > 0)) {
  console.error(`nothing to do for --only ${values.only} --seed ${values.seed} --kills ${values.kills}`);
  process.exit(64);
}
const share = Math.ceil(Number(values.kills) / scenarios.length);
const outcomes: Outcome[] = [];

console.log(`${share} kills in each of ${scenarios.length} scenarios, seed ${seed}`);
const run = (scenario: Scenario): Promise<Outcome> =>
  runScenario(scenario, {
    seed: seed + scenarios.indexOf(scenario),
    kills: share,
    progress: (kills) => {
      if (kills.length % 10 === 0) console.log(`  ${scenario.name}: ${kills.length} of ${share} kills`);
    },
  });
// Those with peers one after the other: a cluster each at a time is enough for a small machine.
for (const [group, width] of [
  [SCENARIOS, 2],
  [PEER_SCENARIOS, 1],
] as const) {
  for (const [scenario, coming] of sideBySide(
    group.filter((scenario) => scenarios.includes(scenario)),
    width,
    run,
  )) {
    try {
      const outcome = await coming;
      outcomes.push(outcome);
      console.log(outcome.problems.length === 0 ? `good: ${scenario.name}` : `FAILED ${explain(outcome)}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAILED ${scenario.name}, seed ${seed + scenarios.indexOf(scenario)}:`, error);
    }
  }
}
summarize();
if (outcomes.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
process.exit();

function summarize(): void {
  console.table(
    outcomes.map(({ scenario, kills, lines, rotations, doubled, lost, seconds, problems }) => ({
      scenario,
      kills: kills.length,
      lines,
      rotations,
      doubled,
      lost,
      seconds: Math.round(seconds),
      good: problems.length === 0,
    })),
  );
  console.log('Kills by place (work, start and stop: at a random moment) and by the number of the scenario:');
  const places = ['work', 'start', 'stop', ...Object.keys(FAULT_POINTS)];
  const at = (place: string, kills: Outcome['kills']): number => kills.filter(({ point }) => point === place).length;
  const all = outcomes.flatMap(({ kills }) => kills);
  console.table(
    Object.fromEntries(
      places.map((place) => [
        place,
        { all: at(place, all), ...Object.fromEntries(outcomes.map(({ kills }, i) => [`#${i}`, at(place, kills)])) },
      ]),
    ),
  );
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  console.log(`${all.length} kills in ${Math.round(seconds)} s, seed ${seed}`);
}
