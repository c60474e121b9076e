import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { systemClock } from '../../src/agent/clock.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { errorOf } from '../../src/filesystems/webhdfs/answers.ts';
import { WebHdfs } from '../../src/filesystems/webhdfs/index.ts';
import { memoryLogger } from '../support/context.ts';
import { FakeWebHdfs, type Misbehaviour } from '../support/fake-webhdfs.ts';
import { freePort } from '../support/free-port.ts';

function replying(status: number, body: string, headers: Record<string, string> = {}): Misbehaviour {
  return ({ response }) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

describe('file system webhdfs: is not fooled by', () => {
  let server: FakeWebHdfs;
  let fs: WebHdfs;

  function connect(port: number): WebHdfs {
    const context = { hadoop: new Map<string, string>(), user: 'ann', log: memoryLogger(), clock: systemClock };
    return new WebHdfs(new URL(`webhdfs://127.0.0.1:${port}`), context, { connectTimeoutMs: 500, readTimeoutMs: 300 });
  }

  function at(op: string, misbehaviour: Misbehaviour): void {
    server.misbehave = (call) => (call.op === op ? misbehaviour(call) : undefined);
  }

  beforeEach(async () => {
    server = new FakeWebHdfs();
    await server.start();
    fs = connect(server.port);
  });

  afterEach(async () => {
    await fs.close();
    await server.stop();
  });

  const answers: readonly (readonly [string, ErrorCode, Misbehaviour])[] = [
    [
      'an answer without end',
      'PROTOCOL',
      ({ response }) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        };
        response.on('drain', more);
        more();
        return true;
      },
    ],
    [
      'a Content-Length that never comes',
      'PEER_TIMEOUT',
      ({ response }) => {
        response.writeHead(200, { 'content-length': '99999999999' }).write('{');
        return true;
      },
    ],
    [
      'an answer that is cut off',
      'CONNECTION_LOST',
      ({ response }) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"FileStatus":', () => response.destroy());
        return true;
      },
    ],
    ['silence', 'PEER_TIMEOUT', () => true],
    ['broken JSON', 'PROTOCOL', replying(200, '{"FileStatus":{')],
    ['other JSON', 'PROTOCOL', replying(200, '[1]')],
    [
      'a negative length',
      'PROTOCOL',
      replying(200, '{"FileStatus":{"type":"FILE","length":-1,"modificationTime":1,"owner":"o"}}'),
    ],
    ['HTML', 'PROTOCOL', replying(404, '<html>none</html>')],
    ['a gateway without a server', 'FILE_SYSTEM_BUSY', replying(503, '')],
    ['a server error', 'FILE_SYSTEM', replying(500, '')],
    ['a demand for Kerberos', 'PERMISSION_DENIED', replying(401, '<html/>', { 'www-authenticate': 'Negotiate' })],
  ];
  for (const [what, code, misbehaviour] of answers) {
    it(`${what}: ${code}`, async () => {
      at('GETFILESTATUS', misbehaviour);
      await assert.rejects(fs.stat('/f'), { code });
    });
  }

  it('a redirect to something that is no HTTP address', async () => {
    for (const location of ['file:///etc/passwd', '', 'javascript:x']) {
      at('CREATE', replying(307, '', { location }));
      await assert.rejects(fs.create('/f'), (error: { code: string }) => {
        return error.code === 'PROTOCOL' || error.code === 'CONNECTION_LOST';
      });
    }
    at('CREATE', replying(200, '{"Location":7}'));
    await assert.rejects(fs.create('/f'), { code: 'PROTOCOL' });
  });

  it('a listing that climbs out of its folder or never moves on', async () => {
    const page = (name: string): string => {
      const entry = { pathSuffix: name, type: 'FILE', length: 1, modificationTime: 1, owner: 'o' };
      const partialListing = { FileStatuses: { FileStatus: [entry] } };
      return JSON.stringify({ DirectoryListing: { partialListing, remainingEntries: 1 } });
    };
    for (const name of ['../../etc/passwd', 'same']) {
      at('LISTSTATUS_BATCH', replying(200, page(name)));
      await assert.rejects(fs.list('/d'), { code: 'PROTOCOL' });
    }
  });

  it('a server that has no pages for listings', async () => {
    server.misbehave = (call) => {
      if (call.op !== 'LISTSTATUS') return false;
      return replying(
        200,
        readFileSync(new URL('../fixtures/webhdfs/ok-liststatus.json', import.meta.url), 'utf8'),
      )(call);
    };
    server.put('/d', '');
    assert.deepEqual(
      (await fs.list('/d')).map(({ name, length }) => [name, length]),
      [['a', 11]],
    );
  });

  it('a port that speaks something else', async () => {
    const garbage = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
    garbage.listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    const { port } = garbage.address() as { port: number };
    const other = connect(port);
    await assert.rejects(other.stat('/f'), { code: 'PROTOCOL' });
    const nobody = connect(await freePort());
    await assert.rejects(nobody.stat('/f'), { code: 'CONNECTION_FAILED' });
    garbage.close();
  });
});

describe('answers of a real WebHDFS', () => {
  const folder = new URL('../fixtures/webhdfs/', import.meta.url);
  const meanings: Readonly<Record<string, ErrorCode>> = {
    StandbyException: 'FILE_SYSTEM_BUSY',
    SafeModeException: 'FILE_SYSTEM_BUSY',
    AlreadyBeingCreatedException: 'FILE_SYSTEM_BUSY',
    RecoveryInProgressException: 'FILE_SYSTEM_BUSY',
    FileNotFoundException: 'FILE_NOT_FOUND',
    FileAlreadyExistsException: 'FILE_EXISTS',
    AccessControlException: 'PERMISSION_DENIED',
    AuthorizationException: 'PERMISSION_DENIED',
    SecurityException: 'PERMISSION_DENIED',
    NSQuotaExceededException: 'NO_SPACE',
    DSQuotaExceededException: 'NO_SPACE',
  };
  const rows = readFileSync(new URL('INDEX.tsv', folder), 'utf8').trim().split('\n').slice(1);

  for (const row of rows) {
    const [file, status, exception] = row.split('\t');
    if (Number(status) < 300) continue;
    const expected =
      file === 'create-no-live-datanode.json'
        ? 'FILE_SYSTEM_BUSY'
        : exception === ''
          ? 'PERMISSION_DENIED'
          : (meanings[exception] ?? 'FILE_SYSTEM');
    it(`${file.replace(/\.\w+$/, '')}: ${expected}`, () => {
      const body = readFileSync(new URL(file, folder));
      const headers = file.endsWith('.html') ? { 'www-authenticate': 'Negotiate' } : {};
      const error = errorOf({ status: Number(status), headers, body }, 'OP /path at host');
      assert.equal(error.code, expected);
      assert.match(error.detail, exception === '' ? /asks for Kerberos/ : new RegExp(`: ${exception}: `));
      assert.doesNotMatch(error.detail, /\n|\tat /);
      assert.ok(error.detail.length < 600);
    });
  }
});
