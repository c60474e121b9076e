import assert from 'node:assert/strict';
import { loadCases } from './case.ts';
import { notYet } from './lists.ts';
import { needsJava, playCase } from './play.ts';

// The cases that want Java beside Sluice: Flume's own client, and key stores made by keytool.
describe('the cases recorded from Flume that want Java', function () {
  this.timeout(120_000);
  for (const testCase of loadCases()) {
    if (!needsJava(testCase) || notYet(testCase)) continue;
    it(`${testCase.id}: ${testCase.about}`, async () => {
      const { problems } = await playCase(testCase);
      assert.equal(problems.length, 0, `\n  - ${problems.join('\n  - ')}`);
    });
  }
});
