import assert from 'node:assert/strict';
import { armFault, faultPoint } from '../../src/component/fault-point.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

const SEQ = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = seq
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = file_roll
a.sinks.k.sink.directory = OUT
a.sinks.k.channel = c
`;

describe('fault point', () => {
  const temp = useTempDir();

  afterEach(() => armFault(undefined, () => {}));

  it('dies at the place that is armed, the time that was asked for, and at no other', () => {
    let died = 0;
    armFault('here:3', () => died++);
    faultPoint('here');
    faultPoint('there');
    faultPoint('here');
    assert.equal(died, 0);
    faultPoint('here');
    assert.equal(died, 1);
    armFault('there', () => died++);
    faultPoint('here');
    faultPoint('there');
    assert.equal(died, 2);
    armFault('', () => died++);
    faultPoint('');
    assert.equal(died, 2);
  });

  for (const name of ['before-checkpoint', 'after-checkpoint']) {
    it(`kills an agent with SLUICE_FAULT=${name}`, async () => {
      const agent = await startSluice({
        dir: temp(),
        conf: SEQ.replace('OUT', temp()),
        env: { SLUICE_FAULT: `${name}:2` },
      });
      assert.equal(await agent.exited, 137, agent.log());
    });
  }
});
