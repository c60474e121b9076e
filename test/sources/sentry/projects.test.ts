import assert from 'node:assert/strict';
import { Projects, wrongProjects } from '../../../src/sources/sentry/projects.ts';

describe('projects of the sentry source', () => {
  const projects = new Projects(['42:first', '042:second', '43:third', '44:shared', '45:shared']);

  it('are told by number and key', () => {
    assert.ok(projects.accepts('42', 'first'));
    assert.ok(projects.accepts('42', 'second'));
    assert.ok(projects.accepts('43', 'third'));
    for (const [project, key] of [
      ['42', 'third'],
      ['43', 'first'],
      ['46', 'first'],
      ['42', ''],
      ['42', 'firs'],
      ['42', 'FIRST'],
    ] as const) {
      assert.ok(!projects.accepts(project, key), `${project} ${key}`);
    }
    assert.deepEqual(projects.numbers, ['42', '43', '44', '45']);
    assert.ok(!projects.open);
  });

  it('are found by a key that belongs to one alone', () => {
    assert.equal(projects.projectOf('second'), '42');
    assert.equal(projects.projectOf('shared'), undefined);
    assert.equal(projects.projectOf('none'), undefined);
  });

  it('are all taken when none is named', () => {
    assert.ok(new Projects([]).open);
    assert.ok(new Projects([]).accepts('7', 'anything'));
  });

  it('are checked without a word of their keys', () => {
    assert.equal(wrongProjects(['42:abc', '43:DEF_1']), undefined);
    assert.match(
      wrongProjects(['https://secretkey@h/42']) ?? '',
      /^entry 1 is a DSN: of https:\/\/KEY@HOST\/42 write 42:KEY$/,
    );
    for (const entry of ['42', ':abc', 'x:secretkey', '42:', '42:secret-key', '42:a:secretkey', '0:secretkey']) {
      const problem = wrongProjects(['1:a', entry]) ?? '';
      assert.match(problem, /^entry 2 /, entry);
      assert.doesNotMatch(problem, /secret/);
    }
  });
});
