import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('scripts/test', function () {
  this.timeout(60_000);
  const dir = useTempDir();
  /** Runs a checkout that has these test files alone. */
  const runTests = async (files: Record<string, string>, args: string[], env: Record<string, string> = {}) => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir(), file)), { recursive: true });
      writeFileSync(join(dir(), file), text);
    }
    mkdirSync(join(dir(), 'scripts'), { recursive: true });
    mkdirSync(join(dir(), 'test', 'support'), { recursive: true });
    for (const file of ['scripts/test.ts', 'scripts/leftovers.ts', 'test/support/run-hooks.ts'])
      cpSync(join(ROOT, file), join(dir(), file));
    writeFileSync(join(dir(), 'package.json'), '{ "type": "module" }');
    symlinkSync(join(ROOT, 'node_modules'), join(dir(), 'node_modules'));
    const child = await runChild({
      command: process.execPath,
      args: [join(dir(), 'scripts', 'test.ts'), ...args],
      env: { ...process.env, CI: '', ...env },
    });
    return { code: child.code, closing: child.stdout.trimEnd().split('\n').at(-1), output: child.stdout };
  };
  const good = "it('is good', () => {});\n";
  const bad = "it('is bad', () => { throw new Error('it broke'); });\n";
  const pending = "it('is not there yet');\n";

  it('adds up what all parts passed', async () => {
    const run = await runTests(
      { 'test/a.test.ts': good + good, 'test/b/c.peer.test.ts': good, 'test/compat/d.test.ts': good },
      ['--unit', '--peer', '--compat'],
    );
    assert.equal(run.closing, '4 passed, 0 failed, 0 skipped', run.output);
    assert.equal(run.code, 0);
  });

  it('fails, and shows the failure, when a test of any part fails', async () => {
    const run = await runTests({ 'test/a.test.ts': good, 'test/b.peer.test.ts': bad }, ['--unit', '--peer']);
    assert.equal(run.closing, '1 passed, 1 failed, 0 skipped');
    assert.equal(run.code, 1);
    assert.match(run.output, /FAILED is bad \(test\/b\.peer\.test\.ts\)\n +Error: it broke/);
  });

  it('counts a part that ends without a report as a failure', async () => {
    const run = await runTests({ 'test/a.test.ts': `${good}it('leaves', () => process.exit(0));\n` }, ['--unit']);
    assert.equal(run.closing, '0 passed, 1 failed, 0 skipped', run.output);
    assert.equal(run.code, 1);
  });

  it('counts a test file that cannot be loaded as a failure', async () => {
    const run = await runTests({ 'test/a.test.ts': good, 'test/b.test.ts': "import './nowhere.ts';\n" }, ['--unit']);
    assert.equal(run.closing, '0 passed, 1 failed, 0 skipped', run.output);
    assert.equal(run.code, 1);
  });

  it('ends a part that does not end by itself, and counts that as a failure', async () => {
    const open = `import { createServer } from 'node:net';\nit('opens', () => { createServer().listen(0); });\n`;
    const run = await runTests({ 'test/a.test.ts': open }, ['--unit']);
    assert.equal(run.closing, '1 passed, 1 failed, 0 skipped', run.output);
    assert.match(run.output, /left open: .*TCPServerWrap/);
  });

  it('ends a part that takes too long, shows what it did last, and counts that as a failure', async () => {
    const long = `it('takes long', async function () {
  this.timeout(0);
  await new Promise(() => setInterval(() => {}, 1000));
});\n`;
    const run = await runTests({ 'test/a.test.ts': long }, ['--unit'], { SLUICE_TEST_PATIENCE: '0.01' });
    assert.equal(run.closing, '0 passed, 1 failed, 0 skipped', run.output);
    assert.match(run.output, /unit: ended after .* minutes[\s\S]*takes long/);
    assert.equal(run.code, 1);
  });

  it('ends what a test left running, and counts that as a failure', async () => {
    const leaves = `import { spawn } from 'node:child_process';
it('leaves', () => { spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref(); });\n`;
    const run = await runTests({ 'test/a.test.ts': leaves }, ['--unit']);
    assert.equal(run.closing, '1 passed, 1 failed, 0 skipped', run.output);
    assert.match(run.output, /left running \(and ended now\): sleep 600/);
  });

  it('counts a hook that fails', async () => {
    const hook = `before(() => { throw new Error('no peer'); });\n${good}`;
    const run = await runTests({ 'test/a.test.ts': hook }, ['--unit']);
    assert.equal(run.closing, '0 passed, 1 failed, 0 skipped', run.output);
    assert.match(run.output, /no peer/);
  });

  it('counts what is skipped', async () => {
    const files = { 'test/a.test.ts': good + pending };
    assert.equal((await runTests(files, ['--unit'])).closing, '1 passed, 0 failed, 1 skipped');
  });

  it('takes a skipped test for a failure in CI', async () => {
    const run = await runTests({ 'test/a.test.ts': good + pending }, ['--unit'], { CI: 'true' });
    assert.equal(run.closing, '1 passed, 1 failed, 0 skipped', run.output);
    assert.equal(run.code, 1);
  });

  it('runs the files that a pattern names', async () => {
    const run = await runTests({ 'test/a.test.ts': good, 'test/b/c.test.ts': good }, ['b/c']);
    assert.equal(run.closing, '1 passed, 0 failed, 0 skipped', run.output);
  });

  it('refuses a part or a pattern that means nothing', async () => {
    const run = await runTests({ 'test/a.test.ts': good }, ['nowhere']);
    assert.equal(run.code, 64);
    assert.match(run.output, /No test file matches nowhere/);
  });
});
