import assert from 'node:assert/strict';
import { read, rowOf, samples } from './reading.ts';

interface Access {
  readonly second: number;
  readonly message?: string;
  readonly project?: string;
  readonly sdk?: string;
  readonly tags: Record<string, string>;
}

/** The row of a line; a request brings method, path and protocol along. */
function row({ second, message, project, sdk, tags }: Access) {
  const [method, target, protocol] = message?.startsWith('\\') ? [] : (message?.split(' ') ?? []);
  const request = method === undefined ? {} : { method, path: target!.split('?')[0], protocol };
  return {
    format: 'nginx',
    item_type: 'access',
    timestamp: `2026-11-23 00:00:0${second}.000000`,
    ...(message === undefined ? {} : { message, title: message }),
    ...(project === undefined ? {} : { project_id: project }),
    ...(sdk === undefined ? {} : { sdk }),
    tags: { ...request, ...tags },
  };
}

describe("nginx's access log", () => {
  it('is read, every line of the sample', () => {
    const key = 'sentry_key=[Filtered]';
    const accesses: readonly Access[] = [
      {
        second: 1,
        message: 'POST /api/42/envelope/ HTTP/1.1',
        project: '42',
        sdk: 'sentry.python.django/2.68.0',
        tags: {
          status: '200',
          bytes: '41',
          remote_addr: '203.0.113.9',
          user_agent: 'sentry.python.django/2.68.0',
        },
      },
      {
        second: 2,
        message: `POST /api/42/envelope/?sentry_version=7&${key}&sentry_client=sentry.javascript.react%2F11.12.0 HTTP/2.0`,
        project: '42',
        sdk: 'sentry.javascript.react/11.12.0',
        tags: {
          status: '200',
          bytes: '41',
          remote_addr: '198.51.100.7',
          forwarded_for: '198.51.100.7, 10.0.0.1',
          referer: 'https://shop.example/',
          user_agent: 'Mozilla/5.0 (Macintosh; "quoted") Safari/605.1',
        },
      },
      {
        second: 3,
        message: 'OPTIONS /api/42/envelope/ HTTP/1.1',
        project: '42',
        tags: {
          status: '200',
          bytes: '0',
          remote_addr: '2001:db8::1',
          referer: 'https://shop.example/あ',
          user_agent: 'Mozilla/5.0',
        },
      },
      {
        second: 4,
        message: 'POST /api/42/store/ HTTP/1.1',
        project: '42',
        sdk: 'raven-python/6.10.0',
        tags: { status: '429', bytes: '139', remote_addr: '198.51.100.8', user_agent: 'raven-python/6.10.0' },
      },
      {
        second: 5,
        message: `POST /api/42/minidump/?${key} HTTP/1.1`,
        project: '42',
        tags: { status: '413', bytes: '183', remote_addr: '198.51.100.9', user_agent: 'Breakpad/1.0 (Linux)' },
      },
      {
        second: 6,
        message: '\\x16\\x03\\x01\\x02\\x00\\x01',
        tags: { status: '400', bytes: '157', remote_addr: '198.51.100.10' },
      },
      { second: 7, tags: { status: '400', bytes: '0', remote_addr: '198.51.100.11' } },
      {
        second: 8,
        message: 'GET /_health/ HTTP/1.1',
        tags: { status: '200', bytes: '2', remote_addr: '10.0.0.3', user_agent: 'curl/8.5.0' },
      },
      {
        second: 9,
        message: 'POST /api/42/envelope/ HTTP/1.1',
        project: '42',
        tags: { status: '499', bytes: '0', remote_addr: '10.0.0.4', user_agent: 'okhttp, "x"' },
      },
    ];
    assert.deepEqual(
      samples('nginx-access.log').map((text) => rowOf(text)),
      accesses.map(row),
    );
  });

  it('reads zones, users and the plain combined format', () => {
    const line = '10.0.0.1 - jane doe [31/Dec/2026:23:30:00 -0130] "GET / HTTP/1.0" 304 - "-" "x"';
    const found = rowOf(line);
    assert.equal(found?.['timestamp'], '2027-01-01 01:00:00.000000');
    assert.deepEqual(found['tags'], {
      method: 'GET',
      path: '/',
      status: '304',
      protocol: 'HTTP/1.0',
      remote_addr: '10.0.0.1',
      remote_user: 'jane doe',
      user_agent: 'x',
    });
  });

  it('keeps bytes that are no text as nginx wrote them', () => {
    const line = '::1 - - [23/Nov/2026:00:00:01 +0000] "GET /\\xE3\\x81 HTTP/1.1" 200 1 "\\x22\\xFF" "a\\x5Cb"';
    const tags = rowOf(line)?.['tags'] as Record<string, string>;
    assert.equal(tags['path'], '/\\xE3\\x81');
    assert.equal(tags['referer'], '\\x22\\xFF');
    assert.equal(tags['user_agent'], 'a\\b');
  });

  it('takes no path of another service for a project', () => {
    for (const path of ['/api/0/projects/', '/api/042/envelope/', '/api/x/', '/api/42']) {
      const line = `::1 - - [23/Nov/2026:00:00:01 +0000] "GET ${path} HTTP/1.1" 200 1 "-" "-"`;
      assert.equal(rowOf(line)?.['project_id'], undefined, path);
    }
  });

  it('is refused when it is cut, or its time is none', () => {
    const line = samples('nginx-access.log')[0]!;
    assert.equal(read(line.slice(0, 60)), undefined);
    assert.equal(read(line.replace('23/Nov', '31/Nov')), undefined);
    assert.equal(read(line.replace('Nov', 'Nev')), undefined);
  });
});
