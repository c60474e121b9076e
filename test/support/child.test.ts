import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { Child, runChild } from './child.ts';
import { freePorts, isListening, waitForPort } from './free-port.ts';
import { makeTempDir, removeTempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

describe('test support', () => {
  it('collects the output of a program and its exit code', async () => {
    const child = await runChild({ command: 'sh', args: ['-c', 'echo out; echo err >&2; cat; exit 3'], stdin: 'in\n' });
    assert.equal(child.stdout, 'out\nin\n');
    assert.equal(child.stderr, 'err\n');
    assert.equal(child.code, 3);
  });

  it('waits for a line and stops the program, children included', async () => {
    const child = new Child({ command: 'sh', args: ['-c', 'sleep 1000 & echo child=$!; wait'] });
    const match = await child.waitForLog(/child=(\d+)/);
    assert.equal(await child.stop(), 143);
    await waitFor(() => !existsSync(`/proc/${match[1]}/cmdline`), { what: 'the end of the child' });
  });

  it('ends by force what does not stop', async () => {
    const child = new Child({ command: 'sh', args: ['-c', "trap '' TERM; echo ready; while :; do sleep 1; done"] });
    await child.waitForLog(/ready/);
    assert.equal(await child.stop(50), 137);
  });

  it('says what it looked for when the program ends without it', async () => {
    const child = new Child({ command: 'sh', args: ['-c', 'echo nothing here'] });
    await assert.rejects(child.waitForLog(/ready/), /looked for \/ready\/[\s\S]*nothing here/);
  });

  it('reports a program that cannot be started', async () => {
    const child = await runChild({ command: '/does/not/exist', args: [] });
    assert.equal(child.code, 127);
    assert.match(child.log(), /did not start/);
  });

  it('finds free ports and sees who listens', async () => {
    const ports = await freePorts(3);
    assert.equal(new Set(ports).size, 3);
    assert.equal(await isListening(ports[0]), false);
    const server = createServer().listen(ports[0], '127.0.0.1');
    await once(server, 'listening');
    await waitForPort((server.address() as AddressInfo).port);
    server.close();
  });

  it('removes a temporary folder', () => {
    const dir = makeTempDir();
    assert.ok(existsSync(dir));
    removeTempDir(dir);
    assert.ok(!existsSync(dir));
  });
});
