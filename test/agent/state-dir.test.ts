import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareStateDir } from '../../src/agent/state-dir.ts';
import { SluiceError } from '../../src/errors.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('state directory', () => {
  const temp = useTempDir();

  it("is the one that was named, else the service manager's, else the system's, else the user's", () => {
    const dir = temp();
    const wishes = { agent: 'a', homeDir: join(dir, 'home'), systemDir: join(dir, 'system') };
    assert.equal(prepareStateDir({ ...wishes, given: join(dir, 'x'), fromService: '/y' }), join(dir, 'x'));
    assert.equal(prepareStateDir({ ...wishes, fromService: `${join(dir, 'y')}:${join(dir, 'z')}` }), join(dir, 'y'));
    assert.equal(prepareStateDir(wishes), join(dir, 'system', 'a'));
    writeFileSync(join(dir, 'file'), '');
    const without = { ...wishes, systemDir: join(dir, 'file') };
    assert.equal(prepareStateDir(without), join(dir, 'home', '.sluice', 'a'));
    assert.ok(existsSync(join(dir, 'home', '.sluice', 'a')));
  });

  it('says which folder cannot be used and why', () => {
    const dir = temp();
    writeFileSync(join(dir, 'file'), '');
    assert.throws(
      () => prepareStateDir({ agent: 'a', given: join(dir, 'file', 'state'), homeDir: dir }),
      (error) => error instanceof SluiceError && error.code === 'STATE_UNUSABLE' && error.message.includes(dir),
    );
  });

  it('is refused where no folder can be made, such as below /proc', () => {
    assert.throws(
      () => prepareStateDir({ agent: 'a', given: '/proc/sluice/state', homeDir: temp() }),
      (error) =>
        error instanceof SluiceError && error.code === 'STATE_UNUSABLE' && error.message.includes('/proc/sluice'),
    );
  });

  it('is made with those above it, and by two at once', () => {
    const dir = join(temp(), 'a', 'b', 'c');
    for (let i = 0; i < 2; i++) assert.equal(prepareStateDir({ agent: 'a', given: `${dir}/`, homeDir: temp() }), dir);
    assert.ok(existsSync(dir));
  });

  it('never leaves its place, whatever the agent is called', () => {
    const dir = temp();
    mkdirSync(join(dir, 'system'));
    const path = prepareStateDir({ agent: '../../etc', homeDir: dir, systemDir: join(dir, 'system') });
    assert.equal(join(path, '..'), join(dir, 'system'));
    const dots = prepareStateDir({ agent: '..', homeDir: dir, systemDir: join(dir, 'system') });
    assert.equal(join(dots, '..'), join(dir, 'system'));
  });
});
