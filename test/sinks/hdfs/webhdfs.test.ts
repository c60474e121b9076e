import assert from 'node:assert/strict';
import fc from 'fast-check';
import { systemClock } from '../../../src/agent/clock.ts';
import type { Clock } from '../../../src/component/context.ts';
import type { Sink } from '../../../src/component/sink.ts';
import { WebHdfs } from '../../../src/filesystems/webhdfs/index.ts';
import { hdfs } from '../../../src/sinks/hdfs/index.ts';
import { batchOfLines } from '../../support/batches.ts';
import { memoryLogger } from '../../support/context.ts';
import { type FakeCall, FakeWebHdfs, type Misbehaviour, readSome, refuse } from '../../support/fake-webhdfs.ts';
import { freePort } from '../../support/free-port.ts';
import { NEVER, sinkContext, sinkOf } from '../../support/sinks.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Time that passes twenty times as fast. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };

const TROUBLES: Readonly<Record<string, Misbehaviour>> = {
  'a 403 for want of permission': ({ response }) => {
    refuse(response, 403, 'AccessControlException', 'Permission denied: user=ann, access=WRITE');
    return true;
  },
  'a 404': ({ response }) => {
    refuse(response, 404, 'FileNotFoundException', 'File does not exist');
    return true;
  },
  'a 500': ({ response }) => {
    response.writeHead(500).end('<html>');
    return true;
  },
  'a standby NameNode': ({ response }) => {
    refuse(response, 403, 'StandbyException', 'Operation category WRITE is not supported in state standby');
    return true;
  },
  'safe mode': ({ response }) => {
    refuse(response, 403, 'SafeModeException', 'Cannot create file. Name node is in safe mode.');
    return true;
  },
  'a full quota': ({ response }) => {
    refuse(response, 403, 'DSQuotaExceededException', 'The DiskSpace quota is exceeded');
    return true;
  },
  'a redirect to a dead node': ({ stage, response, path }) => {
    if (stage === 'data') return false;
    response.writeHead(307, { location: `http://127.0.0.1:${deadPort}/webhdfs/v1${path}?data=true` }).end();
    return true;
  },
  'a connection cut at once': ({ request }) => {
    request.destroy();
    return true;
  },
  'a connection cut half-way, with half of it stored': async ({ op, stage, path, request }) => {
    if (op === 'APPEND' && stage === 'data') {
      const sent = Number(request.headers['content-length'] ?? 200);
      server.store(path, await readSome(request, Math.ceil(sent / 2)));
    }
    request.destroy();
    return true;
  },
};
const OPERATIONS = [
  'CREATE ask',
  'CREATE data',
  'APPEND ask',
  'APPEND data',
  'RENAME ask',
  'GETFILESTATUS ask',
  'TRUNCATE ask',
];

let server: FakeWebHdfs;
let deadPort: number;

describe('hdfs sink over WebHDFS has every line once after', function () {
  this.timeout(60_000);
  let fs: WebHdfs;
  let sink: Sink;
  let log: ReturnType<typeof memoryLogger>;

  before(async () => {
    deadPort = await freePort();
  });

  beforeEach(async () => {
    server = new FakeWebHdfs();
    await server.start();
    log = memoryLogger();
  });

  afterEach(async () => {
    await fs.close();
    await server.stop();
  });

  function open(): void {
    const context = { hadoop: new Map<string, string>(), user: 'ann', log, clock: hasty };
    fs = new WebHdfs(new URL(`webhdfs://127.0.0.1:${server.port}`), context, {
      connectTimeoutMs: 500,
      readTimeoutMs: 500,
      patience: { busyMs: 1000, unreachableMs: 300 },
      lastPatience: { busyMs: 200, unreachableMs: 100 },
    });
    sink = sinkOf(
      hdfs,
      {
        'hdfs.path': '/l',
        'hdfs.fileType': 'DataStream',
        'hdfs.rollCount': 4,
        'hdfs.rollSize': 0,
        'hdfs.retryInterval': 1,
      },
      { ...sinkContext(fs), clock: hasty, log },
    );
  }

  /** Delivers as the sink runner does: three at a time, and those that failed again, until all are through. */
  async function deliverAll(count: number): Promise<void> {
    for (let from = 0; from < count; from += 9) {
      let left = [0, 1, 2].map((i) => Array.from({ length: 3 }, (_, j) => `line ${from + i * 3 + j}`));
      for (let tries = 0; left.length > 0; tries++) {
        assert.ok(tries < 60, log.lines.join('\n'));
        const results = await Promise.allSettled(left.map((lines) => sink.deliver(batchOfLines(lines), NEVER)));
        left = left.filter((_, i) => results[i]!.status === 'rejected');
        await sink.maintain!(systemClock.now());
        if (left.length > 0) await hasty.sleep(1000);
      }
    }
  }

  async function allThere(count: number): Promise<void> {
    // What could not be cut or renamed at first is tried again.
    await waitFor(
      async () => {
        await sink.maintain!(systemClock.now());
        return [...server.files.keys()].filter((name) => name.endsWith('.tmp')).length <= 1;
      },
      { timeoutMs: 20_000, what: 'the end of all files but the last', everyMs: 50 },
    );
    await sink.close(NEVER);
    const names = [...server.files.keys()];
    assert.deepEqual(
      names.filter((name) => !/^\/l\/FlumeData\.\d+$/.test(name)),
      [],
      log.lines.join('\n'),
    );
    const lines = names.flatMap((name) => server.text(name)!.split('\n').slice(0, -1));
    const number = (line: string): number => Number(line.slice(5));
    assert.deepEqual(
      lines.toSorted((a, b) => number(a) - number(b)),
      Array.from({ length: count }, (_, i) => `line ${i}`),
      log.lines.join('\n'),
    );
  }

  for (const [trouble, misbehave] of Object.entries(TROUBLES)) {
    it(`${trouble}, at any operation`, async () => {
      for (const operation of OPERATIONS) {
        server.files.clear();
        open();
        let times = 3;
        server.misbehave = async (call: FakeCall) => {
          if (`${call.op} ${call.stage}` !== operation || times === 0) return false;
          times--;
          return await misbehave(call);
        };
        await deliverAll(18);
        await allThere(18);
        await fs.close();
      }
    });
  }

  it('any of these in any order', async () => {
    const trouble = fc.record({
      operation: fc.constantFrom(...OPERATIONS),
      trouble: fc.constantFrom(...Object.keys(TROUBLES)),
      skip: fc.nat(3),
    });
    // A server that says twice, at a rename and when asked again, that a file is not there which is, cannot be seen through.
    const isLie = ({ operation, trouble }: { operation: string; trouble: string }): boolean =>
      operation.startsWith('GETFILESTATUS') && trouble === 'a 404';
    const troubles = fc.array(
      trouble.filter((entry) => !isLie(entry)),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(troubles, async (plan) => {
        server.files.clear();
        open();
        const left = plan.map((entry) => ({ ...entry }));
        server.misbehave = async (call: FakeCall) => {
          const next = left.find(({ operation }) => operation === `${call.op} ${call.stage}`);
          if (next === undefined || next.skip-- > 0) return false;
          left.splice(left.indexOf(next), 1);
          return await TROUBLES[next.trouble]!(call);
        };
        await deliverAll(18);
        server.misbehave = () => false;
        await allThere(18);
        await fs.close();
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
