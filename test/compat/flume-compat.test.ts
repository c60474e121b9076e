import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findDeclaration, type Kind } from '../../src/component/declaration.ts';
import { registry } from '../../src/registry.ts';
import { CASES, loadCases } from './case.ts';
import { DIFFERS, means, NOT_YET, notYet } from './lists.ts';
import { needsJava, Pool } from './play.ts';

/** How many cases run at once: most of their time is waiting. */
const WIDTH = 4;

// SLUICE_COMPAT=PATTERN plays these alone (`hdfs/*`); SLUICE_COMPAT_LISTED=1 plays those that are listed as not passing
// yet instead, to find the ones that do pass by now.
const pattern = process.env['SLUICE_COMPAT'] ?? '*';
const listed = process.env['SLUICE_COMPAT_LISTED'] !== undefined;
const cases = loadCases();
const chosen = cases.filter((testCase) => means(pattern, testCase.id) && !needsJava(testCase));

describe('the cases recorded from Flume', function () {
  this.timeout(120_000);
  const pool = new Pool(WIDTH);
  const results = new Map<string, Promise<string[]>>();

  before(() => {
    for (const testCase of chosen) {
      if (listed === (notYet(testCase) !== undefined)) {
        const problems = pool.add(testCase).then(
          (result) => result.problems,
          (error: Error) => [error.stack ?? error.message],
        );
        results.set(testCase.id, problems);
      }
    }
  });

  for (const testCase of chosen) {
    if (listed === (notYet(testCase) !== undefined)) {
      it(`${testCase.id}: ${testCase.about}`, async () => {
        const problems = (await results.get(testCase.id)) ?? [];
        if (listed) assert.notEqual(problems.length, 0, 'it passes: take it out of not-yet.json');
        else assert.equal(problems.length, 0, `\n  - ${problems.join('\n  - ')}`);
      });
    }
  }
});

describe('the lists of the compatibility suite', () => {
  it('name cases that exist, each once, with a reason', () => {
    for (const list of [NOT_YET, DIFFERS]) {
      for (const entry of list) {
        assert.ok(entry.reason.length > 10, `${entry.cases[0]} has no reason`);
        for (const name of entry.cases) {
          assert.ok(
            cases.some((testCase) => means(name, testCase.id)) || existsSync(join(CASES, name, 'story.json')),
            `${name} means no case`,
          );
        }
      }
    }
    for (const testCase of cases) {
      const entries = NOT_YET.filter((entry) => entry.cases.some((name) => means(name, testCase.id)));
      assert.ok(entries.length < 2, `${testCase.id} stands twice in not-yet.json`);
    }
  });

  it('hold no case that waits for a component that is there', () => {
    for (const { waitsFor } of NOT_YET) {
      const [kind, type] = waitsFor?.split(' ') ?? [];
      if (type) assert.equal(findDeclaration(registry, kind as Kind, type), undefined, `${waitsFor} is there by now`);
    }
  });
});
