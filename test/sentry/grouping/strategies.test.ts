import assert from 'node:assert/strict';
import { hash as digest } from 'node:crypto';
import { type Grouping, group } from '../../../src/sentry/grouping/index.ts';
import type { Fields } from '../../../src/sentry/payload.ts';

const APP = { module: 'app', function: 'go', in_app: true };
const LIBRARY = { module: 'lib', function: 'call', in_app: false };

function stack(...frames: Fields[]): Fields {
  return { frames };
}

function brief({ by, variant, inputs }: Grouping): unknown[] {
  return [by, variant, ...inputs];
}

describe('what an event is grouped by', () => {
  it('a checksum before all else: an md5 as it is, anything else hashed', () => {
    const md5 = 'ABCDEF0123456789abcdef0123456789';
    const grouping = group({ checksum: md5, fingerprint: ['x'] });
    assert.deepEqual([grouping.by, grouping.hash], ['checksum', md5.toLowerCase()]);
    assert.equal(group({ checksum: 'x' }).hash, digest('md5', 'x'));
    assert.equal(group({ checksum: '', message: 'm' }).by, 'message');
  });

  it('a fingerprint, its entries as Relay makes texts of them', () => {
    const { by, inputs, hash } = group({
      fingerprint: ['a', 3.0, 4.7, true, false, null, { x: 1 }, [2]],
      message: 'm',
    });
    assert.deepEqual([by, ...inputs], ['fingerprint', 'a', '3', '4', 'True', 'False']);
    assert.equal(hash, digest('md5', 'a34TrueFalse'));
  });

  it('the default where the fingerprint is missing, empty or says so', () => {
    for (const fingerprint of [undefined, null, [], [null], ['{{ default }}'], ['{{default}}'], 'x', {}]) {
      assert.deepEqual(brief(group({ fingerprint, message: 'm' })), ['message', undefined, 'm'], String(fingerprint));
    }
  });

  it('the default spliced into a fingerprint, once', () => {
    const exception = { values: [{ type: 'E', stacktrace: stack(APP) }] };
    const grouping = group({ fingerprint: ['a', '{{default}}', 'b', '{{ default }}'], exception });
    assert.deepEqual(brief(grouping), ['fingerprint', 'app', 'a', 'E', 'app', 'go', 'b']);
  });

  it('variables of a fingerprint by what the event says, and a word for what it does not', () => {
    const event = {
      transaction: '/t',
      level: 'warn',
      logger: 'l',
      environment: 'prod',
      tags: [['k', 5]],
      logentry: { message: 'm %s', formatted: 'm 1' },
      exception: [
        { type: 'Cause', value: 'c' },
        {
          type: 'E',
          value: 'v',
          stacktrace: stack({ ...APP, abs_path: '/srv/app.py', filename: 'app.py', package: '/lib/libx.so' }, LIBRARY),
        },
      ],
    };
    const cases: Readonly<Record<string, readonly [string, string]>> = {
      transaction: ['/t', '<no-transaction>'],
      message: ['m 1', '<no-message>'],
      type: ['E', '<no-type>'],
      'error.type': ['E', '<no-type>'],
      value: ['v', '<no-value>'],
      'error.value': ['v', '<no-value>'],
      function: ['go', '<no-function>'],
      path: ['/srv/app.py', '<no-abs-path>'],
      'stack.abs_path': ['/srv/app.py', '<no-abs-path>'],
      'stack.filename': ['app.py', '<no-filename>'],
      module: ['app', '<no-module>'],
      package: ['libx.so', '<no-package>'],
      level: ['warning', 'error'],
      logger: ['l', '<no-logger>'],
      'tags.k': ['5', '<no-value-for-tag-k>'],
      'tags.environment': ['prod', '<no-value-for-tag-environment>'],
      x: ['<unrecognized-variable-x>', '<unrecognized-variable-x>'],
    };
    for (const [name, [known, missing]] of Object.entries(cases)) {
      assert.deepEqual(group({ ...event, fingerprint: [`{{ ${name} }}`] }).inputs, [known], name);
      assert.deepEqual(group({ fingerprint: [`{{${name}}}`] }).inputs, [missing], name);
    }
    assert.deepEqual(group({ fingerprint: ['a {{ type }}', '{{ }}'] }).inputs, ['a {{ type }}', '{{ }}']);
  });

  it('no more of a fingerprint than a small event can be made large by', () => {
    const fingerprint = Array(5000).fill('{{ message }}');
    const { inputs } = group({ fingerprint, message: 'x'.repeat(100_000) });
    assert.equal(inputs.length, 100);
    assert.ok(inputs.every((text) => text.length === 8192));
  });

  it('all exceptions in the order of the list; the value where no frame counts', () => {
    const cause = { type: 'Cause', value: 'at 10.0.0.1\n\n second\nthird', stacktrace: stack(LIBRARY) };
    const raised = { type: 'E', value: 'v', stacktrace: stack(LIBRARY, APP) };
    assert.deepEqual(brief(group({ exception: { values: [cause, raised] } })), [
      'exception',
      'app',
      'Cause',
      'at <ip>\n second...',
      'E',
      'app',
      'go',
    ]);
    assert.deepEqual(brief(group({ exception: [cause] })), ['exception', 'system', 'Cause', 'lib', 'call']);
    assert.deepEqual(brief(group({ exception: { type: 'E', value: 'user 5' } })), [
      'exception',
      undefined,
      'E',
      'user <int>',
    ]);
  });

  it('no type that an SDK made up', () => {
    const exception = { type: 'Error', value: 'hi', mechanism: { synthetic: true } };
    assert.deepEqual(group({ exception }).inputs, ['hi']);
    assert.deepEqual(group({ exception: { value: 'hi', mechanism: { synthetic: true } } }).inputs, ['hi']);
  });

  it('domain and code of an NSError behind value and before frames', () => {
    const mechanism = { meta: { ns_error: { domain: 'D', code: -1 } } };
    assert.deepEqual(group({ exception: { type: 'E', value: 'v', mechanism } }).inputs, ['E', 'v', 'D', '-1']);
    assert.deepEqual(group({ exception: { type: 'E', value: 'v', mechanism, stacktrace: stack(APP) } }).inputs, [
      'E',
      'D',
      '-1',
      'app',
      'go',
    ]);
  });

  describe('groups of exceptions', () => {
    const one = (id: number, parent: number | undefined, type: string, more: Fields = {}): Fields => ({
      type,
      mechanism: { exception_id: id, parent_id: parent, ...more },
      stacktrace: stack({ ...APP, function: type }),
    });
    const root = one(0, undefined, 'Group', { is_exception_group: true });
    const hash = (...values: Fields[]): string => group({ exception: { values } }).hash;

    it('of one kind are that kind, however many there were', () => {
      const many = group({ exception: { values: [one(3, 0, 'A'), one(2, 0, 'A'), one(1, 0, 'A'), root] } });
      assert.deepEqual(many.inputs, ['A', 'app', 'A']);
      assert.equal(many.hash, hash({ type: 'A', stacktrace: stack({ ...APP, function: 'A' }) }));
    });

    it('keep the causes of that kind, causes first', () => {
      const { inputs } = group({ exception: { values: [one(2, 1, 'Cause'), one(1, 0, 'A'), root] } });
      assert.deepEqual(inputs, ['Cause', 'app', 'Cause', 'A', 'app', 'A']);
    });

    it('of several kinds are one of each and the root, in whatever order they came', () => {
      const values = [one(4, 0, 'A'), one(3, 0, 'B'), one(2, 0, 'B'), one(1, 0, 'A'), root];
      assert.deepEqual(
        group({ exception: { values } }).inputs.filter((text) => text !== 'app'),
        ['B', 'B', 'A', 'A', 'Group', 'Group'],
      );
      assert.equal(hash(one(2, 0, 'A'), one(1, 0, 'B'), root), hash(one(2, 0, 'B'), one(1, 0, 'A'), root));
    });

    it('within groups count as theirs', () => {
      const inner = one(1, 0, 'Inner', { is_exception_group: true });
      assert.equal(hash(one(2, 1, 'A'), inner, root), hash(one(1, 0, 'A'), root));
    });

    it('that are broken are a list like any other', () => {
      const all = (values: Fields[]): number => group({ exception: { values } }).inputs.length / 3;
      assert.equal(all([one(1, 0, 'A'), one(1, 0, 'A'), root]), 3);
      assert.equal(all([one(1, 1, 'A'), root]), 2);
      assert.equal(all([one(2, 1, 'A'), one(1, 2, 'A', { is_exception_group: true })]), 2);
      assert.equal(all([{ type: 'A', stacktrace: stack(APP) }, root]), 2);
      const loop = [one(2, 1, 'B', { is_exception_group: true }), one(1, 2, 'A', { is_exception_group: true })];
      assert.equal(
        all([one(1, 0, 'A', { is_exception_group: true }), one(0, 1, 'G', { is_exception_group: true })]),
        2,
      );
      assert.equal(all([...loop, one(0, 1, 'Group', { is_exception_group: true })]), 3);
    });
  });

  it('the thread that crashed, else the current, else the only one', () => {
    const thread = (name: string, more: Fields = {}): Fields => ({
      stacktrace: stack({ function: name, in_app: true }),
      ...more,
    });
    const of = (...values: Fields[]): unknown[] => brief(group({ threads: { values }, message: 'm' }));
    const crashed = { crashed: true };
    const current = { current: true };
    assert.deepEqual(of(thread('a'), thread('b', crashed), thread('c', current)), ['threads', 'app', 'b']);
    assert.deepEqual(of(thread('a'), thread('c', current)), ['threads', 'app', 'c']);
    assert.deepEqual(of(thread('a')), ['threads', 'app', 'a']);
    assert.deepEqual(of(thread('a'), thread('b')), ['message', undefined, 'm']);
    assert.deepEqual(of(thread('a', crashed), thread('b', crashed), thread('c', current)), ['message', undefined, 'm']);
    assert.deepEqual(of({ current: true, stacktrace: null }), ['message', undefined, 'm']);
  });

  it('then the stack trace, the template, the report of a browser and the message', () => {
    const csp = { effective_directive: 'img-src', blocked_uri: 'https://Evil.example/x.png' };
    const all = {
      stacktrace: stack(APP),
      template: { filename: 'a.html', context_line: '{% x %}' },
      csp,
      logentry: { message: 'm %s', formatted: 'm 5' },
    };
    assert.deepEqual(brief(group(all)), ['stacktrace', 'app', 'app', 'go']);
    assert.deepEqual(brief(group({ ...all, stacktrace: stack() })), ['template', undefined, 'a.html', '{% x %}']);
    assert.deepEqual(brief(group({ csp, logentry: all.logentry })), ['csp', undefined, 'img-src', 'evil.example']);
    assert.deepEqual(brief(group({ logentry: all.logentry })), ['message', undefined, 'm %s']);
    assert.deepEqual(brief(group({ logentry: { formatted: 'm 5' } })), ['message', undefined, 'm <int>']);
    assert.deepEqual(brief(group({ message: 'm 5' })), ['message', undefined, 'm <int>']);
    assert.deepEqual(brief(group({})), ['nothing', undefined]);
  });

  it('security reports by directive and what was blocked, or by the host', () => {
    const csp = (fields: Fields): readonly string[] => group({ csp: fields }).inputs;
    const script = { effective_directive: 'script-src', blocked_uri: 'self' };
    assert.deepEqual(csp({ ...script, violated_directive: "script-src 'unsafe-inline'" }), [
      'script-src',
      "'unsafe-inline'",
    ]);
    assert.deepEqual(csp({ ...script, violated_directive: "script-src 'unsafe-eval'" }), [
      'script-src',
      "'unsafe-eval'",
    ]);
    assert.deepEqual(csp(script), ['script-src', "'self'"]);
    assert.deepEqual(csp({ violated_directive: 'style-src a.example', blocked_uri: '' }), ['style-src', "'self'"]);
    assert.deepEqual(csp({ effective_directive: 'img-src', blocked_uri: 'data' }), ['img-src', 'data']);
    assert.deepEqual(csp({ effective_directive: 'img-src', blocked_uri: 'data:image/png;base64,x' }), [
      'img-src',
      'data',
    ]);
    for (const [kind, place] of [
      ['hpkp', 'hpkp'],
      ['expect-ct', 'expectct'],
      ['expect-staple', 'expectstaple'],
    ] as const) {
      assert.deepEqual(brief(group({ [place]: { hostname: 'a.example' } })), [kind, undefined, kind, 'a.example']);
    }
  });

  it('messages by their first two lines that are not blank', () => {
    const of = (message: string): readonly string[] => group({ message }).inputs;
    assert.deepEqual(of('a\nb'), ['a\nb']);
    assert.deepEqual(of('\n a\r\n\r\nb\nc'), [' a\nb...']);
    assert.deepEqual(of('a\n'), ['a...']);
    assert.deepEqual(of(`${'x '.repeat(4000)}7\n`), [`${'x '.repeat(4000)}<int>...`]);
    assert.deepEqual(of(`${'x '.repeat(4096)}7`), [`${'x '.repeat(4096)}7`]);
  });
});
