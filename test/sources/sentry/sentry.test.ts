import assert from 'node:assert/strict';
import { request } from 'node:https';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  answered as answeredAt,
  auth,
  eventEnvelope,
  idOf,
  KEY,
  type Running,
  type Sent,
  send,
  start,
} from './client.ts';

const EVENT = '{"event_id":"4C79F60C-1121-4EB3-8604-F4AE0781BFB2","message":"hello","level":"warning"}';
const EVENT_ID = '4c79f60c11214eb38604f4ae0781bfb2';

describe('sentry source', () => {
  let running: Running;

  afterEach(() => running.run.stop());

  const answered = (status: number, sent: Sent) => answeredAt(running.port, status, sent);

  it('gives the rows of an envelope the headers that are told of it', async () => {
    running = await start();
    const { run, port } = running;
    const header = {
      event_id: EVENT_ID,
      sent_at: '2026-11-23T00:00:00.5Z',
      sdk: { name: 'sentry.x', version: '1.2' },
      trace: { sample_rate: '0.25' },
    };
    const attachment = { type: 'attachment', length: 3, filename: 'a b.txt', attachment_type: 'event.attachment' };
    const lines = [header, { type: 'transaction' }, { message: 'x', release: 'r', environment: 'e' }, attachment];
    const session = '{"type":"session"}\n{"sid":"1"}';
    const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nabc\n${session}`;
    assert.equal((await send(port, { body })).text, `{"id":"${EVENT_ID}"}`);
    const [event, file, update] = run.out.headers();
    const common = { project_id: '42', 'sentry.format': 'item', 'sentry.status': 'ok', sent_at: '1795392000500' };
    for (const [name, value] of Object.entries(common)) assert.equal(event?.[name], value, name);
    assert.equal(event?.['item_type'], 'transaction');
    assert.equal(event?.['event_id'], EVENT_ID);
    assert.equal(event?.['release'], 'r');
    assert.equal(event?.['environment'], 'e');
    assert.equal(event?.['sdk'], 'sentry.x/1.2');
    assert.equal(event?.['sample_rate'], '0.25');
    assert.ok(Math.abs(Number(event?.['received']) - Date.now()) < 60_000);
    assert.ok(Number(event?.['timestamp']) > 0);
    assert.equal(file?.['event_id'], EVENT_ID);
    assert.equal(file?.['filename'], 'a b.txt');
    assert.equal(file?.['attachment_type'], 'event.attachment');
    assert.equal(file?.['sample_rate'], undefined);
    assert.equal(update?.['item_type'], 'session');
    assert.equal(update?.['event_id'], undefined, 'a session has no part in the event it comes with');
    assert.equal(run.out.emitted.length, 1);
    assert.equal(run.out.emitted[0]?.batch.header('project_id')?.constant, '42');
  });

  it('takes events for /store/ in every form, for projects told by their key too', async () => {
    running = await start({ projects: `42:${KEY}`, dedupe: 'false' });
    const { run } = running;
    const base64 = deflateSync(EVENT).toString('base64');
    const path = '/api/42/store/';
    const forms: Sent[] = [
      { path, body: EVENT },
      { path, body: base64 },
      { path, body: Buffer.from(EVENT).toString('base64') },
      { path: '/api/store/', body: ` ${EVENT}` },
      { path, body: gzipSync(EVENT), headers: { ...auth(), 'Content-Encoding': 'gzip' } },
      { path, body: deflateSync(EVENT), headers: { ...auth(), 'Content-Encoding': 'deflate' } },
      { path, body: brotliCompressSync(base64), headers: { ...auth(), 'Content-Encoding': 'br' } },
    ];
    for (const form of forms) assert.equal((await answered(200, form)).id, EVENT_ID);
    assert.deepEqual(
      run.out.bodies().map((body) => body.trim()),
      forms.map(() => EVENT),
    );
    for (const headers of run.out.headers()) {
      assert.equal(headers['item_type'], 'event');
      assert.equal(headers['level'], 'warning');
      assert.equal(headers['event_id'], EVENT_ID);
    }
    await answered(200, { path, body: '{"type":"transaction"}' });
    assert.equal(run.out.headers().at(-1)?.['item_type'], 'transaction');
  });

  it('answers an event in a URL with a dot of a picture', async () => {
    running = await start();
    const { run, port } = running;
    for (const data of [encodeURIComponent(EVENT), encodeURIComponent(deflateSync(EVENT).toString('base64'))]) {
      const path = `/api/42/store/?sentry_key=${KEY}&sentry_version=7&sentry_data=${data}`;
      const answer = await send(port, { method: 'GET', path, headers: {} });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], 'image/gif');
      assert.equal(answer.bytes.toString('latin1', 0, 6), 'GIF89a');
    }
    assert.deepEqual(run.out.bodies(), [EVENT]);
    assert.equal(run.counters.EventDuplicateCount, 1);
    await answered(400, { method: 'GET', path: `/api/42/store/?sentry_key=${KEY}` });
  });

  it('refuses what is no event in /store/', async () => {
    running = await start({ projects: `42:${KEY}` });
    const path = '/api/42/store/';
    for (const body of [
      '',
      '{',
      '[]',
      '"x"',
      '<xml>',
      'AAAA',
      Buffer.from([0xff, 0xfe]),
      Buffer.from('[]').toString('base64'),
      deflateSync('[]').toString('base64'),
    ]) {
      await answered(400, { path, body });
    }
    assert.equal(running.run.out.rows, 0);
  });

  it('takes the reports of browsers, each a row', async () => {
    running = await start();
    const csp = '{"csp-report":{"document-uri":"https://a.example/","violated-directive":"img-src"}}';
    const query = `?sentry_key=${KEY}&sentry_release=r1&sentry_environment=prod`;
    for (const path of [`/api/42/security/${query}`, `/api/42/csp-report/${query}`]) {
      assert.match((await answered(200, { path, headers: {}, body: csp })).id ?? '', /^[0-9a-f]{32}$/);
    }
    const reports = [
      { type: 'csp-violation', url: 'https://a.example/', body: {} },
      { type: 'network-error', url: 'https://a.example/', body: {} },
    ];
    const list = JSON.stringify(reports);
    await answered(200, {
      path: `/api/42/security/${query}`,
      headers: { 'Content-Type': 'application/reports+json' },
      body: list,
    });
    await answered(200, { path: `/api/42/nel/${query}`, headers: {}, body: JSON.stringify([reports[1]]) });
    for (const [field, type] of [
      ['expect-ct-report', 'expectct'],
      ['expect-staple-report', 'expectstaple'],
      ['known-pins', 'hpkp'],
    ] as const) {
      await answered(200, { path: `/api/42/security/${query}`, headers: {}, body: JSON.stringify({ [field]: {} }) });
      assert.equal(running.run.out.headers().at(-1)?.['item_type'], type);
    }
    const rows = running.run.out.headers();
    assert.deepEqual(
      rows.slice(0, 5).map((row) => row['item_type']),
      ['csp', 'csp', 'csp', 'nel', 'nel'],
    );
    assert.equal(running.run.out.bodies()[0], csp);
    assert.equal(new Set(rows.map((row) => row['event_id'])).size, rows.length);
    assert.equal(rows[0]?.['release'], 'r1');
    assert.equal(rows[0]?.['environment'], 'prod');
    for (const body of ['', '{}', '[]', '1', '[1]', '{', `[${'{},'.repeat(100)}{}]`]) {
      await answered(400, { path: `/api/42/security/${query}`, headers: {}, body });
    }
  });

  it('takes crashes, alone or in a form', async () => {
    running = await start();
    const { run, port } = running;
    const path = `/api/42/minidump/?sentry_key=${KEY}`;
    const dump = Buffer.concat([Buffer.from('MDMP'), Buffer.from([0, 1, 0xff, 0x0d, 0x0a, 0x0d, 0x0a])]);
    const raw = await send(port, { path, headers: {}, body: dump });
    assert.equal(raw.status, 200);
    assert.match(raw.text, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const form = new FormData();
    form.append('upload_file_minidump', new Blob([dump]), 'crash.dmp');
    form.append('sentry', `{"event_id":"${EVENT_ID}","release":"r2"}`);
    form.append('log', new Blob(['some log']), 'app.log');
    form.append('guid', 'a"b\r\nc');
    form.append('password', 'hunter2');
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: form });
    assert.equal(await answer.text(), '4c79f60c-1121-4eb3-8604-f4ae0781bfb2');
    const rows = run.out.headers();
    assert.deepEqual(
      rows.map((row) => [row['item_type'], row['attachment_type'], row['filename']]),
      [
        ['attachment', 'event.minidump', 'minidump.dmp'],
        ['event', undefined, undefined],
        ['attachment', 'event.minidump', 'crash.dmp'],
        ['attachment', 'event.attachment', 'app.log'],
        ['form_data', undefined, undefined],
      ],
    );
    const bodies = run.out.bodies('latin1');
    assert.equal(bodies[0], dump.toString('latin1'));
    assert.equal(bodies[2], dump.toString('latin1'));
    assert.equal(bodies[3], 'some log');
    assert.deepEqual((JSON.parse(bodies[4]!) as string[][])[0], ['guid', 'a"b\r\nc']);
    assert.ok(!bodies[4]?.includes('hunter2'), 'fields of a form are scrubbed');
    for (const row of rows.slice(1)) assert.equal(row['event_id'], EVENT_ID);
    await answered(400, { path, headers: {}, body: 'no dump' });
    const empty = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: new FormData() });
    assert.equal(empty.status, 400);
  });

  it('takes every encoding, and refuses damaged and unknown ones', async () => {
    running = await start({ dedupe: 'false' });
    const body = eventEnvelope(idOf(1));
    const packed = {
      gzip: gzipSync(body),
      deflate: deflateSync(body),
      br: brotliCompressSync(body),
      zstd: zstdCompressSync(body),
    };
    for (const [encoding, bytes] of Object.entries(packed)) {
      const headers = { ...auth(), 'Content-Encoding': encoding };
      await answered(200, { headers, body: bytes });
      await answered(400, { headers, body: bytes.subarray(0, bytes.length - 5) });
    }
    await answered(200, { headers: { ...auth(), 'Content-Encoding': '' }, body });
    await answered(200, { headers: { ...auth(), 'Content-Encoding': 'UTF-8' }, body });
    await answered(415, { headers: { ...auth(), 'Content-Encoding': 'lzma' }, body });
    assert.equal(running.run.out.rows, 6);
  });

  it('gives the limits of Relay to requests and items, and 413 to what is over', async () => {
    running = await start({
      'limits.envelope': '3000',
      'limits.event': '1000',
      'limits.attachments': '500',
      'limits.attachmentCount': '2',
      'limits.sessionCount': '2',
      'limits.clientReport': '100',
      'limits.checkIn': '100',
      'limits.logs': '2000',
    });
    const item = (type: string, length: number) =>
      `\n{"type":"${type}","length":${length}}\n${' '.repeat(length - 1)}1`;
    const of = (...items: string[]) => ({ body: `{}${items.join('')}` });
    await answered(200, of(item('event', 1000)));
    await answered(413, of(item('event', 1001)));
    await answered(413, of(item('event', 600), item('user_report', 500)));
    await answered(413, of(item('attachment', 300), item('attachment', 201)));
    await answered(413, of(item('attachment', 1), item('attachment', 1), item('attachment', 1)));
    await answered(413, of(item('session', 1), item('sessions', 1), item('session', 1)));
    await answered(413, of(item('client_report', 60), item('client_report', 60)));
    await answered(413, of(item('check_in', 101)));
    await answered(200, of(item('something_new', 2000)));
    await answered(413, of(item('something_new', 2001)));
    await answered(413, of(item('something_new', 3000)));
    await answered(413, { path: '/api/42/store/', body: `{"message":"${'x'.repeat(1000)}"}` });
    await answered(413, { body: gzipSync(Buffer.alloc(100_000)), headers: { ...auth(), 'Content-Encoding': 'gzip' } });
    assert.equal(running.run.out.rows, 2);
  });

  it('keeps items that it does not know, or cannot read, as they are', async () => {
    running = await start();
    const body = '{}\n{"type":"event"}\n{not json\n{"type":"../new"}\n\x01\x02\n{"type":"event2","length":0}\n\n';
    await answered(200, { body });
    assert.deepEqual(running.run.out.bodies(), ['{not json', '\x01\x02', '']);
    const rows = running.run.out.headers();
    assert.deepEqual(
      rows.map((row) => row['sentry.status']),
      ['unparsed', 'unparsed', 'unparsed'],
    );
  });

  it('scrubs before anything else, unless told not to', async () => {
    const event = {
      message: 'x',
      request: { headers: { Authorization: 'Bearer abc' } },
      extra: { password: 'hunter2' },
    };
    running = await start();
    await answered(200, { body: eventEnvelope(idOf(1), event) });
    const scrubbed = running.run.out.bodies()[0] ?? '';
    assert.ok(!scrubbed.includes('hunter2') && scrubbed.includes('[Filtered]'), scrubbed);
    await running.run.stop();
    running = await start({ scrub: 'false' });
    await answered(200, { body: eventEnvelope(idOf(1), event) });
    assert.equal(running.run.out.bodies()[0], JSON.stringify(event));
  });

  it('speaks TLS', async () => {
    const keystore = join(import.meta.dirname, '../../fixtures/tls/server.p12');
    running = await start({ ssl: 'true', keystore, 'keystore-type': 'PKCS12', 'keystore-password': 'changeit' });
    const { port, run } = running;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = {
        port,
        path: '/api/42/envelope/',
        method: 'POST',
        headers: auth(),
        rejectUnauthorized: false,
        agent: false as const,
      };
      const call = request(options, (response) => resolve(response.resume().statusCode));
      call.on('error', reject);
      call.end(eventEnvelope(idOf(1)));
    });
    assert.equal(status, 200);
    assert.match(run.log.lines.join('\n'), /DSN: https:/);
  });
});
