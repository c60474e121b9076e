import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import {
  commandTransport,
  createServiceNotifier,
  socketTransport,
  type Transport,
} from '../../src/monitoring/service-notify.ts';

/** A real unix datagram socket, as systemd has one; prints each datagram as a line of JSON. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a = sys.argv[1]
s.bind('\\0' + a[1:] if a[0] == '@' else a)
print('"bound"', flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

class Receiver {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #reader: Interface;

  constructor(address: string) {
    this.#child = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(this.#child.stdout);
    this.#reader = createInterface(this.#child.stdout);
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, 'the receiver has ended');
    return JSON.parse(value);
  }

  async close(): Promise<void> {
    this.#reader.close();
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

describe('service notifier', () => {
  let dir: string;
  let receiver: Receiver | undefined;
  let warnings: string[];
  const log = { warn: (message: string) => void warnings.push(message) };
  const listen = async (address: string) => {
    receiver = new Receiver(address);
    assert.equal(await receiver.next(), 'bound');
    return receiver;
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-notify-'));
    warnings = [];
  });
  afterEach(async () => {
    await receiver?.close();
    receiver = undefined;
    await rm(dir, { recursive: true });
  });

  const ways: [string, Transport][] = [
    ['libc', socketTransport],
    ['systemd-notify', commandTransport],
  ];
  for (const [way, transport] of ways) {
    it(`sends ready, status and stopping in order through ${way}`, async () => {
      const address = join(dir, 'notify');
      const manager = await listen(address);
      const notifier = createServiceNotifier({ NOTIFY_SOCKET: address }, log, [transport]);
      void notifier.ready();
      void notifier.status('12 000 events/s\nto höhe = 3');
      void notifier.stopping();
      await notifier.close();
      assert.deepEqual(warnings, []);
      const got: string[] = [];
      while (!got.includes('STOPPING=1')) got.push(...(await manager.next()).trimEnd().split('\n'));
      assert.deepEqual(got, ['READY=1', 'STATUS=12 000 events/s to höhe = 3', 'STOPPING=1']);
    });
  }

  it('writes to a socket in the abstract name space', async () => {
    const address = `@sluice-test-${process.pid}-${Date.now()}`;
    const manager = await listen(address);
    const notifier = createServiceNotifier({ NOTIFY_SOCKET: address }, log, [socketTransport]);
    await notifier.ready();
    assert.deepEqual(warnings, []);
    assert.equal(await manager.next(), 'READY=1');
  });

  it('gives signs of life only while the agent is healthy', async () => {
    const address = join(dir, 'notify');
    const manager = await listen(address);
    const notifier = createServiceNotifier({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '20000' }, log, [socketTransport]);
    let asked = 0;
    const fourth = new Promise<void>((resolve) => {
      notifier.startWatchdog(() => {
        asked++;
        if (asked === 4) resolve();
        return asked <= 2;
      });
    });
    const keepAlive = setInterval(() => {}, 1000);
    await fourth;
    clearInterval(keepAlive);
    await notifier.close();
    await notifier.status('end');
    assert.deepEqual(
      [await manager.next(), await manager.next(), await manager.next()],
      ['WATCHDOG=1', 'WATCHDOG=1', 'STATUS=end'],
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /no more signs of life/);
  });

  it('takes the second way when the first is not to be had', async () => {
    const sent: string[] = [];
    const notifier = createServiceNotifier({ NOTIFY_SOCKET: '/run/x' }, log, [
      async () => {
        throw new Error('no koffi here');
      },
      async () => async (message) => void sent.push(message),
    ]);
    await notifier.ready();
    assert.deepEqual(sent, ['READY=1']);
    assert.deepEqual(warnings, []);
  });

  it('warns once, and never rejects, when no way works', async () => {
    const missing: Transport = async () => {
      throw new Error("Cannot find package 'koffi'");
    };
    const notifier = createServiceNotifier({ NOTIFY_SOCKET: '/run/x' }, log, [missing]);
    await notifier.ready();
    await notifier.stopping();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /READY=1.*koffi.*systemd-notify/s);
  });

  it('warns once when nobody listens or the address is of another kind', async () => {
    for (const address of [join(dir, 'nobody'), 'vsock:2:1234', `/${'x'.repeat(200)}`]) {
      warnings = [];
      const notifier = createServiceNotifier({ NOTIFY_SOCKET: address }, log, [socketTransport]);
      await notifier.ready();
      await notifier.stopping();
      assert.equal(warnings.length, 1, address);
    }
  });

  it('does nothing outside a service manager', async () => {
    const forbidden: Transport = () => assert.fail('a transport was opened');
    const notifier = createServiceNotifier({ WATCHDOG_USEC: '1000' }, log, [forbidden]);
    notifier.startWatchdog(() => assert.fail('the watchdog runs'));
    await notifier.ready();
    await notifier.close();
    assert.deepEqual(warnings, []);
  });
});
