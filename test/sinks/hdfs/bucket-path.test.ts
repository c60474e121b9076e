import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import fc from 'fast-check';
import { EventBatch } from '../../../src/event/event-batch.ts';
import { ConstantColumn, NumberColumn } from '../../../src/event/header-columns.ts';
import { type PathSettings, PathTemplate } from '../../../src/sinks/hdfs/bucket-path.ts';
import type { Rounding } from '../../../src/sinks/hdfs/time-escapes.ts';
import { TimeZone } from '../../../src/sinks/hdfs/time-zone.ts';
import { batchOf, type SampleEvent } from '../../support/batches.ts';

const host = { name: 'box', address: '10.0.0.7', canonicalName: 'box.example.org' };
const settings: PathSettings = {
  timeZone: new TimeZone('UTC'),
  rounding: undefined,
  localTime: undefined,
  host,
  folders: true,
  maxPartBytes: 255,
};

/** What a template gives for an event with these headers. */
function filled(template: string, headers: Record<string, string> = {}, over: Partial<PathSettings> = {}): string {
  return new PathTemplate(template, { ...settings, ...over }).fill(batchOf([{ headers, body: '' }]), 0);
}

const FIXTURES = new URL('../../fixtures/flume/hdfs/', import.meta.url);

/** A recorded case that is about paths: its template in the terms of the expected files, zone, rounding, events. */
function recorded(name: string) {
  const read = (file: string): string => readFileSync(new URL(`${name}/${file}`, FIXTURES), 'latin1');
  const conf = Object.fromEntries(
    [...read('flume.conf').matchAll(/^a\.sinks\.k\.hdfs\.(\w+) *= *(.*)$/gm)].map(([, key, value]) => [key, value]),
  ) as Record<string, string>;
  const files: { path: string }[] = JSON.parse(readFileSync(new URL(`${name}/expected/files.json`, FIXTURES), 'utf8'));
  const events: SampleEvent[] = JSON.parse(readFileSync(new URL(`${name}/input/events.json`, FIXTURES), 'utf8'));
  const unit = conf['roundUnit'] ?? 'second';
  const isRounded = conf['round'] === 'true' && ['second', 'minute', 'hour'].includes(unit);
  return {
    path: conf['path']!.replace('file://${env:DIR}/', ''),
    prefix: conf['filePrefix'] ?? 'FlumeData',
    zone: conf['timeZone'] ?? JSON.parse(read('case.json')).tz,
    rounding: isRounded ? ({ unit, value: Number(conf['roundValue'] ?? 1) } as Rounding) : undefined,
    events,
    files: files.map(({ path }) => path),
  };
}

describe('bucket path', () => {
  const cases = readdirSync(FIXTURES).filter((name) => /^(escapes|round|headers-in|name-prefix-esc)/.test(name));
  for (const name of cases) {
    it(`is as Flume's in the recorded case ${name}`, () => {
      const { path, prefix, zone, rounding, events, files } = recorded(name);
      const over = { ...settings, timeZone: new TimeZone(zone), rounding };
      const folders = new PathTemplate(path, over);
      const names = new PathTemplate(prefix, { ...over, folders: false });
      const batch = batchOf(events);
      const found = new Set(
        events.map((_, row) => posix.normalize(`${folders.fill(batch, row)}/${names.fill(batch, row)}`)),
      );
      // Behind the prefix stand a number and a suffix.
      const expected = new Set(files.map((file) => file.replace(/\.[^./]*(\.gz|%\w.*)?$/, '')));
      assert.deepEqual([...found].sort(), [...expected].sort());
    });
  }

  it('puts in headers, the machine and times', () => {
    assert.equal(filled('/l/%{a}/%{b.c-d}/x', { a: 'one', 'b.c-d': 'two' }), '/l/one/two/x');
    assert.equal(filled('/l/%[localhost]/%[ip]/%[FQDN]'), '/l/box/10.0.0.7/box.example.org');
    assert.equal(filled('/l/%{none}/x'), '/l//x');
    assert.equal(filled('/%Y%%%q/%t', { timestamp: '+0' }), '/1970%/+0');
    assert.equal(filled('/100% %', {}), '/100% %');
    assert.throws(() => filled('/%[name]'), /%\[name\] is none of %\[localhost\], %\[IP\], %\[FQDN\]/);
  });

  it('takes the clock instead of the header when told so', () => {
    assert.equal(filled('/%H/%t', { timestamp: '0' }, { localTime: () => 7_200_000 }), '/02/7200000');
  });

  it('asks for a usable timestamp when there is a time in it, rounding for one above 0', () => {
    assert.throws(() => filled('/%H'), { code: 'EVENT_UNUSABLE', message: /an event has no timestamp header/ });
    assert.throws(() => filled('/%%'), { code: 'EVENT_UNUSABLE' });
    for (const timestamp of ['', 'x', '1.5', ' 1', '9223372036854775807', '-9223372036854775808']) {
      assert.throws(() => filled('/%H', { timestamp }), { code: 'EVENT_UNUSABLE', message: /no time in milliseconds/ });
    }
    const rounding = { unit: 'hour', value: 1 } as const;
    assert.throws(() => filled('/%H', { timestamp: '0' }, { rounding }), { code: 'EVENT_UNUSABLE' });
    assert.equal(filled('/%H', { timestamp: '-1' }), '/23');
    assert.equal(filled('/%{timestamp}', { timestamp: 'x' }), '/x');
  });

  it('is, whatever it remembers, what a fresh template gives', () => {
    const parts = fc.constantFrom('/', 'x', '%H', '%M', '%S', '%s', '%t', '%d', '%z', '%%', '%{a}', '%{b}', '%q');
    const values = fc.option(fc.constantFrom('', 'v', 'w', 'v/w', '..'), { nil: undefined });
    const stamps = fc.oneof(
      fc.integer({ min: 1, max: 200_000 }).map(String),
      fc.constantFrom('5', '+5', '05', '1700000000000', '1700000000001'),
    );
    const event = fc.record({ a: values, b: values, timestamp: stamps }).map((headers) => ({
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >,
      body: '',
    }));
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 6 }).map((all) => `/l/${all.join('')}`),
        fc.array(event, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (template, events, isRounded) => {
          const rounding: Rounding | undefined = isRounded ? { unit: 'minute', value: 2 } : undefined;
          const zone = new TimeZone('Australia/Lord_Howe');
          const over = { ...settings, timeZone: zone, rounding };
          const kept = new PathTemplate(template, over);
          const batch = batchOf(events);
          for (const [row, { headers }] of events.entries()) {
            assert.equal(kept.fill(batch, row), filled(template, headers, over));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says that it is the same for a whole batch only when it is', () => {
    const rows = { body: Buffer.alloc(0), starts: new Uint32Array(2), ends: new Uint32Array(2) };
    const constant = new EventBatch({
      ...rows,
      headers: [new ConstantColumn('a', 'x'), new ConstantColumn('timestamp', '1')],
    });
    const varied = new EventBatch({ ...rows, headers: [new NumberColumn('timestamp', Float64Array.of(1, 2))] });
    const is = (template: string, batch: EventBatch, over = {}): boolean =>
      new PathTemplate(template, { ...settings, ...over }).isConstant(batch);
    assert.equal(is('/%{a}/%H', constant), true);
    assert.equal(is('/%H', varied), false);
    assert.equal(is('/%{a}', varied), true);
    assert.equal(is('/%{timestamp}', varied), false);
    assert.equal(is('/%H', varied, { localTime: () => 1 }), true);
    assert.equal(is('/fixed', varied), true);
  });
});

describe('a header value in a path', () => {
  it('never climbs out of its folder', () => {
    assert.equal(filled('/l/%{a}/x', { a: '..' }), '/l/__/x');
    assert.equal(filled('/l/%{a}/x', { a: '../../etc/./y' }), '/l/__/__/etc/_/y/x');
    assert.equal(filled('/l/%{a}%{b}/x', { a: '.', b: '.' }), '/l/__/x');
    assert.equal(filled('/l/.%{a}/x', { a: '.' }), '/l/__/x');
    assert.equal(filled('/l/.%{a}./x', { a: '' }), '/l/__/x');
    assert.equal(filled('/l/%{a}.', { a: 'b/.' }), '/l/b/__');
    assert.equal(filled('/l/%{a}/x', { a: 'nul\u0000\n\u007f' }), '/l/nul___/x');
    assert.equal(filled('/l/../m/%{a}', { a: 'v' }), '/l/../m/v', 'what the configuration says stays');
    assert.equal(filled('/l/v1.2/%{a}', { a: 'a.b..c' }), '/l/v1.2/a.b..c');
  });

  it('stays below, whatever it is and wherever it stands', () => {
    const values = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        '/',
        '//',
        './',
        '../',
        '/..',
        '\u0000',
        '.\u0000.',
        '..\n',
        '\\..\\',
        '%2e%2e',
        '~',
      ),
      fc.array(fc.constantFrom('.', '/', '..', 'a', '\u0000', '\u001f'), { maxLength: 6 }).map((all) => all.join('')),
      fc.string(),
    );
    const literals = fc.constantFrom('', '.', 'x', '-', 'x/y');
    fc.assert(
      fc.property(values, values, literals, literals, literals, (a, b, before, between, behind) => {
        const path = filled(`/lake/in/${before}%{a}${between}%{b}${behind}/end`, { a, b });
        assert.ok(`${posix.normalize(path)}/`.startsWith('/lake/in/'), path);
        assert.ok(!path.includes('\u0000') && !path.includes('\n'));
      }),
      { numRuns: 1000 },
    );
  });

  it('makes no folder in a file name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('/', '../x', 'a/b')), (a) => {
        assert.ok(!/[/\u0000-\u001f]/.test(filled('p-%{a}', { a }, { folders: false })));
      }),
    );
    assert.equal(filled('%{a}', { a: '../b' }, { folders: false }), '.._b');
  });
});

describe('a header value that is too long for a name', () => {
  it('is cut at a character, each part of the path for itself, so that it does not block the sink', () => {
    const long = 'ü'.repeat(200);
    const cut = filled('/x/%{h}/y', { h: `${long}/${long}` });
    assert.equal(cut, `/x/${'ü'.repeat(127)}/${'ü'.repeat(127)}/y`);
    assert.equal(
      filled('pre-%{h}', { h: 'a'.repeat(300) }, { folders: false, maxPartBytes: 20 }),
      `pre-${'a'.repeat(16)}`,
    );
    assert.equal(filled(`/${'z'.repeat(300)}/%{h}`, { h: 'a' }), `/${'z'.repeat(300)}/a`);
  });
});
