import assert from 'node:assert/strict';
import { SluiceError } from '../../src/errors.ts';
import { patientLook } from '../../src/verify/look.ts';
import { FakeClock } from '../support/context.ts';

describe('a look at remote files', () => {
  it('gives a file system 10 s, and does not wait for it again', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const look = patientLook((url) => {
      calls++;
      return url === 'webhdfs://away/' ? new Promise(() => {}) : Promise.resolve(undefined);
    }, clock);
    const refused = assert.rejects(look('webhdfs://away/', '/a'), /webhdfs:\/\/away\/ did not answer within 10 s/);
    await clock.advance(10_000);
    await refused;
    await assert.rejects(look('webhdfs://away/', '/b'), SluiceError);
    assert.equal(calls, 1);
    assert.equal(await look('file:///', '/a'), undefined);
    assert.equal(clock.sleepers, 0);
  });

  it('asks on after a failure that is about one file alone', async () => {
    let calls = 0;
    const look = patientLook(() => {
      calls++;
      return Promise.reject(new SluiceError('PERMISSION_DENIED', '/a'));
    }, new FakeClock());
    for (let i = 0; i < 2; i++) await assert.rejects(look('file:///', '/a'));
    assert.equal(calls, 2);
  });
});
