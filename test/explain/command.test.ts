import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, runChild } from '../support/child.ts';
import { MAIN } from '../support/run-sluice.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/sentry');

function explain(file: string, stdin = ''): Promise<Child> {
  return runChild({ command: process.execPath, args: [MAIN, 'sentry', 'explain', file, '--json'], stdin });
}

describe('sluice sentry explain, as a program', () => {
  it('ends with 0 when it has read all, 1 when not all, 2 when there is no file', async () => {
    const event = readFileSync(join(FIXTURES, '07-go-panic-bare-arrays.json'), 'utf8').trim();
    const [good, bad, none] = await Promise.all([
      explain(join(FIXTURES, '01-python-django-chained.json')),
      explain('-', `${event}\nno event\n`),
      explain(join(FIXTURES, 'not-there.json')),
    ]);
    assert.equal(good.code, 0, good.log());
    assert.equal((JSON.parse(good.stdout) as { hash: string }).hash, '7ad3c06fdc4cb81156395c2c3a37d54d');
    assert.equal(bad.code, 1, bad.log());
    assert.equal((JSON.parse(bad.stdout) as { hash: string }).hash, 'd46931fb87e5d78a0d6c9f3a73ebe08c');
    assert.match(bad.stderr, /the standard input, line 2: it is not JSON/);
    assert.equal(none.code, 2, none.log());
    assert.match(none.stderr, /No such file: .*not-there\.json.*\n.*Check the path/);
  });
});
