import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSluice } from '../support/run-sluice.ts';

const CONF = fileURLToPath(new URL('../../conf/', import.meta.url));
const SEED = 'seed.properties';

const check = (file: string, ...args: string[]) =>
  runSluice(['check', '-n', 'agent', '-f', join(CONF, file), ...args], { env: { QUICKSTART: '/tmp/quickstart' } });
const problems = (log: string) => log.split('\n').filter((line) => /\b(warning|error)\b/i.test(line));

describe('example configurations', () => {
  const examples = globSync('**/*.properties', { cwd: CONF }).sort();

  it('are all seen by this test', () => {
    assert.ok(examples.includes(SEED) && examples.includes(join('sidecar', 'sidecar.properties')), examples.join());
  });

  for (const file of examples.filter((name) => name !== SEED)) {
    it(`${file} is good without a warning, strictly too`, async () => {
      for (const args of [[], ['--strict']]) {
        const child = await check(file, ...args);
        assert.equal(child.code, 0, child.log());
        assert.deepEqual(problems(child.log()), []);
      }
    });
  }

  it('the seed configuration runs with exactly two warnings, and not strictly', async () => {
    const child = await check(SEED);
    assert.equal(child.code, 0, child.log());
    const warnings = problems(child.log());
    assert.equal(warnings.length, 2, child.log());
    assert.match(warnings.join('\n'), /memory-channel[\s\S]*hdfs-sink|hdfs-sink[\s\S]*memory-channel/);
    assert.equal((await check(SEED, '--strict')).code, 78);
  });

  // As the times in the rows are: else a day of a table misses the events of some hours.
  it('rows of Sentry lie in folders of days of UTC', () => {
    const wrong = examples.filter((file) => {
      const text = readFileSync(join(CONF, file), 'utf8');
      return text.includes('serializer = sentry_rows') && !/\.hdfs\.timeZone = UTC$/m.test(text);
    });
    assert.deepEqual(wrong, []);
  });

  it('the sidecar runs the image with a configuration that is there, and longer than it needs to stop', () => {
    const compose = readFileSync(join(CONF, 'sidecar', 'docker-compose.yml'), 'utf8');
    const mounted = [...compose.matchAll(/- \.\/(\S+?):\/etc\/sluice\/flume-conf\.properties:ro/g)].map(
      (match) => match[1],
    );
    assert.deepEqual(mounted, ['sidecar.properties']);
    assert.ok(examples.includes(join('sidecar', mounted[0])));
    assert.match(compose, /stop_grace_period: 45s/);
    const settings = readFileSync(join(CONF, 'sidecar', 'sidecar.properties'), 'utf8');
    const port = /sdks\.port = (\d+)/.exec(settings)?.[1];
    assert.ok(compose.includes(`- '${port}:9000'`) && settings.includes('sdks.bind = 0.0.0.0'), 'SDKs reach it');
    assert.match(compose, /SENTRY_PROJECTS: /);
  });
});
