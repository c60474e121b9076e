import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { BodyBudget, type HeldBody, readBody } from '../../../src/rpc/http/body.ts';
import { Refusal } from '../../../src/rpc/http/refusal.ts';

/** Reads one request that `write` writes to a raw connection. */
async function read(
  write: (socket: Socket) => void,
  {
    most = 1000,
    budget = new BodyBudget(10_000),
    signal,
  }: { most?: number; budget?: BodyBudget; signal?: AbortSignal } = {},
): Promise<HeldBody> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  try {
    write(socket);
    const [request] = (await once(server, 'request')) as [IncomingMessage];
    return await readBody(request, most, budget, 'too long', signal);
  } finally {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  }
}

function refused(reading: Promise<unknown>, status: number): Promise<void> {
  return assert.rejects(reading, (error) => error instanceof Refusal && error.status === status);
}

const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\n';

describe('readBody', () => {
  it('reads a body in one piece or many, and gives its budget back once', async () => {
    const budget = new BodyBudget(10_000);
    const whole = await read((socket) => socket.write(`${HEAD}Content-Length: 5\r\n\r\nhello`), { budget });
    assert.equal(whole.bytes.toString(), 'hello');
    assert.equal(budget.held, 5);
    const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`;
    const pieces = await read((socket) => socket.write(chunked), { budget });
    assert.equal(pieces.bytes.toString(), 'abcde');
    whole.release();
    whole.release();
    pieces.release();
    assert.equal(budget.held, 0);
  });

  it('refuses a body that is announced longer, or comes longer, than the limit', async () => {
    const budget = new BodyBudget(10_000);
    await refused(
      read((socket) => socket.write(`${HEAD}Content-Length: 1001\r\n\r\n`), { budget }),
      413,
    );
    const chunk = `3e9\r\n${'x'.repeat(1001)}\r\n`;
    await refused(
      read((socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk}`), { budget }),
      413,
    );
    assert.equal(budget.held, 0);
  });

  it('refuses what the budget has no room for, and holds nothing then', async () => {
    const budget = new BodyBudget(10);
    await refused(
      read((socket) => socket.write(`${HEAD}Content-Length: 11\r\n\r\n${'x'.repeat(11)}`), { budget }),
      503,
    );
    assert.equal(budget.held, 0);
  });

  it('keeps order and bytes of small and large chunks', async () => {
    const sizes = [
      1,
      1,
      1,
      3000,
      1,
      2047,
      2048,
      2049,
      4096,
      4095,
      1,
      ...Array.from({ length: 3000 }, () => 3),
      5000,
      1,
    ];
    const pieces = sizes.map((size, i) => `${i % 10}`.repeat(size));
    const wire = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
    const budget = new BodyBudget(100_000);
    const body = await read((socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${wire}0\r\n\r\n`), {
      most: 100_000,
      budget,
    });
    assert.equal(body.bytes.toString(), pieces.join(''));
    body.release();
    assert.equal(budget.held, 0);
  });

  it('takes little more memory for many chunks than their bytes', async function () {
    this.timeout(10_000);
    const before = process.memoryUsage.rss();
    const wire = '1\r\nx\r\n'.repeat(500_000);
    const body = await read((socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${wire}0\r\n\r\n`), {
      most: 500_000,
      budget: new BodyBudget(2_000_000),
    });
    // 500,000 chunks by themselves are 230 MB.
    assert.ok(process.memoryUsage.rss() - before < 120 << 20, `${(process.memoryUsage.rss() - before) >> 20} MiB`);
    assert.equal(body.bytes.length, 500_000);
  });

  it('ends with the connection, and with the signal, in the middle of a body', async () => {
    const budget = new BodyBudget(1000);
    const half = `${HEAD}Content-Length: 10\r\n\r\nhello`;
    await refused(
      read((socket) => setTimeout(() => socket.write(half, () => socket.end()), 0), { budget }),
      400,
    );
    await refused(
      read((socket) => socket.write(half), { budget, signal: AbortSignal.timeout(20) }),
      503,
    );
    await refused(
      read((socket) => socket.write(half), { budget, signal: AbortSignal.abort() }),
      503,
    );
    assert.equal(budget.held, 0);
  });
});
