import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child } from '../support/child.ts';
import { freePorts } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const PLAIN = ['relay.log', 'relay.jsonl', 'sentry-web.log', 'sentry-worker.jsonl', 'nginx-access.log'];

const sample = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../fixtures/sentry/${name}`, import.meta.url)));

interface Row {
  readonly [column: string]: unknown;
  readonly tags?: Readonly<Record<string, string>>;
}

const source = (name: string, dir: string) => `a.sources.${name}.type = TAILDIR
a.sources.${name}.channels = rows lines
a.sources.${name}.filegroups = f
a.sources.${name}.filegroups.f = ${dir}/${name}/.*
a.sources.${name}.positionFile = ${dir}/${name}.json
a.sources.${name}.multiline = sentry
a.sources.${name}.multiline.timeout = 300
a.sources.${name}.interceptors = i
a.sources.${name}.interceptors.i.type = sentry
`;

const sink = (name: string, dir: string) => `a.channels.${name}.type = memory
a.sinks.${name}.type = file_roll
a.sinks.${name}.channel = ${name}
a.sinks.${name}.sink.directory = ${dir}/${name}
a.sinks.${name}.sink.rollInterval = 0
`;

function conf(dir: string): string {
  return `a.sources = plain docker
a.channels = rows lines
a.sinks = rows lines
${source('plain', dir)}${source('docker', dir)}a.sources.docker.lineFormat = docker
a.sources.plain.interceptors.i.scrub = false
${sink('rows', dir)}a.sinks.rows.sink.serializer = sentry_rows
${sink('lines', dir)}`;
}

describe("Sentry's logs on their way into rows", function () {
  this.timeout(60_000);
  const dir = makeTempDir('sluice-sentry-logs-');
  let agent: Child | undefined;
  let rows: Row[];
  let text: string;
  let counters: Record<string, Record<string, string>>;

  /** What the sink of that name wrote. */
  const written = (name: string): string =>
    readdirSync(join(dir, name))
      .map((file) => readFileSync(join(dir, name, file), 'utf8'))
      .join('');

  before(async () => {
    for (const folder of ['plain', 'docker', 'rows', 'lines']) mkdirSync(join(dir, folder));
    for (const name of PLAIN) writeFileSync(join(dir, 'plain', name), sample(name));
    writeFileSync(join(dir, 'docker', 'web-json.log'), sample('docker-json-file.log'));
    // The last record was torn; the next one begins where it ends.
    appendFileSync(join(dir, 'docker', 'web-json.log'), '\n');
    const [port] = await freePorts(1);
    agent = await startSluice({
      dir,
      conf: conf(dir),
      args: ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
      ready: /SOURCE, name: docker started/,
    });
    // 42 rows, and the lines of as many events.
    await waitFor(() => written('rows').split('\n').length > 42 && written('lines').includes('WSGI app 0'));
    counters = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).json()) as typeof counters;
    await agent.stop();
    rows = written('rows')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    text = written('lines');
  });

  after(async () => {
    await agent?.kill();
    removeTempDir(dir);
  });

  const of = (logger: string): Row[] => rows.filter((row) => row['logger'] === logger);

  it('makes one row of each event, and says how many it could not read', () => {
    // relay 10, its JSON 3, web 10, worker 5 (a line that something else wrote belongs to the one before), nginx 9; docker 5.
    assert.equal(rows.length, 10 + 3 + 10 + 5 + 9 + 5);
    assert.deepEqual(counters['INTERCEPTOR.plain.i'], {
      EventReadCount: '34',
      EventUnparsedCount: '3',
      EventScrubbedCount: '0',
      Type: 'INTERCEPTOR',
    });
    assert.equal(counters['INTERCEPTOR.docker.i']?.['EventReadCount'], '3');
    assert.equal(counters['INTERCEPTOR.docker.i']?.['EventUnparsedCount'], '2');
  });

  it('loses no line', () => {
    for (const name of PLAIN) {
      for (const line of sample(name).toString().trimEnd().split('\n')) assert.ok(text.includes(`${line}\n`), line);
    }
    for (const line of ['interleaved stdout line\n', 'with attrs\n', '{"log":"last line has no newline']) {
      assert.ok(text.includes(line), line);
    }
  });

  it('keeps tracebacks whole, of files and of containers', () => {
    const raised = of('django.request');
    assert.deepEqual(
      raised
        .map((row) => [row['type'], row['value'], row['level'], String(row['stacktrace']).split('\n').length])
        .sort(),
      [
        ['ValueError', '改行 <&> "', 'error', 3],
        ['ZeroDivisionError', 'division by zero', 'error', 13],
      ],
    );
    const docker = raised.find((row) => row['type'] === 'ValueError');
    assert.equal(docker?.['timestamp'], '2026-11-23 23:59:59.000000');
    assert.deepEqual(docker['tags'], { status_code: '500' });
    assert.equal(of('relay_log::panic')[0]?.['type'], 'panic');
  });

  it('puts the pieces together that docker made of a long line', () => {
    const long = of('sentry.ingest').find((row) => String(row['message']).startsWith('y'));
    assert.match(String(long?.['message']), /^y{40000}\nwith attrs$/);
    assert.equal(long?.['timestamp'], '2026-11-24 00:00:01.000000');
  });

  it('fills the columns of each log', () => {
    const access = rows.filter((row) => row['item_type'] === 'access');
    assert.equal(access.length, 9);
    assert.equal(access.filter((row) => row['project_id'] === '42').length, 6);
    assert.ok(!JSON.stringify(access).includes('b1946ac92492d2347c6235b4d2611184'));
    const task = of('taskworker')[0];
    assert.equal(task?.['transaction'], 'sentry.tasks.store.save_event');
    assert.equal(task['event_id'], '4c79f60c11214eb38604f4ae0781bfb2');
    const unread = rows.filter((row) => row['item_type'] === undefined || row['item_type'] === null);
    assert.deepEqual(unread.map((row) => String(row['message']).slice(0, 12)).sort(), [
      '*** Starting',
      'WSGI app 0 (',
      '[uWSGI] gett',
      'interleaved ',
      '{"log":"last',
    ]);
  });
});
