import assert from 'node:assert/strict';
import { frameText, stacktraceText } from '../../../src/sentry/event/stacktrace.ts';
import { exceptionsOf, type Fields } from '../../../src/sentry/payload.ts';

const frame = (f: string, more = {}) => ({ filename: `/a/${f}.py`, function: f, lineno: 1, ...more });
const CHAINED = {
  exception: {
    values: [
      { type: 'Cause', value: 'first', stacktrace: { frames: [frame('outer'), frame('inner')] } },
      {
        type: 'Raised',
        value: 'second',
        stacktrace: { frames: [frame('main'), frame('run', { context_line: ' x() ' })] },
      },
    ],
  },
};

function text(payload: Fields, crash: 'last' | 'first' = 'last') {
  return stacktraceText(payload, exceptionsOf(payload), crash);
}

describe('the stack trace', () => {
  it('ends with the crash, causes first', () => {
    assert.equal(
      text(CHAINED),
      [
        '  File "/a/outer.py", line 1, in outer',
        '  File "/a/inner.py", line 1, in inner',
        'Cause: first',
        '',
        '  File "/a/main.py", line 1, in main',
        '  File "/a/run.py", line 1, in run',
        '    x()',
        'Raised: second',
      ].join('\n'),
    );
  });

  it('begins with the crash, causes last', () => {
    assert.equal(
      text(CHAINED, 'first'),
      [
        'Raised: second',
        '  File "/a/run.py", line 1, in run',
        '    x()',
        '  File "/a/main.py", line 1, in main',
        'Caused by: Cause: first',
        '  File "/a/inner.py", line 1, in inner',
        '  File "/a/outer.py", line 1, in outer',
      ].join('\n'),
    );
  });

  const FRAMES: readonly [string, Fields, string][] = [
    [
      'a module where the file has no path',
      { filename: 'A.java', module: 'com.A', function: 'b', lineno: 7 },
      '  File "A.java", line 7, in com.A.b',
    ],
    ['a path without a name', { abs_path: '/x/y.go', module: 'm', function: '(*T).f' }, '  File "/x/y.go", in (*T).f'],
    ['nothing but a module', { module: 'app.main', function: 'f' }, '  File "app.main", in f'],
    ['a library and an address', { package: 'libc.so', instruction_addr: '0x10' }, '  File "libc.so", in 0x10'],
    ['nothing', {}, '  File "?"'],
    [
      'fields of the wrong shape',
      { filename: {}, function: [], lineno: 'x', context_line: 5 },
      '  File "?", line x\n    5',
    ],
    ['a long name', { filename: 'f'.repeat(999) }, `  File "${'f'.repeat(253)}..."`],
  ];
  for (const [what, fields, expected] of FRAMES) {
    it(`shows a frame with ${what}`, () => assert.equal(frameText(fields), expected));
  }

  it('of a thread stands in where no exception was raised: that which crashed, is current, or is the only one', () => {
    const thread = (name: string, more = {}) => ({ stacktrace: { frames: [frame(name)] }, ...more });
    const crashed = [thread('a', { current: true }), thread('b', { crashed: true })];
    assert.match(text({ threads: { values: crashed } })!, /in b$/);
    assert.match(text({ threads: [thread('a'), thread('b', { current: true })] })!, /in b$/);
    assert.match(text({ threads: thread('a') })!, /in a$/);
    assert.equal(text({ threads: [thread('a'), thread('b')] }), undefined);
    assert.match(text({ 'sentry.interfaces.Stacktrace': { frames: [frame('old')] } })!, /in old$/);
  });

  it('of a thread stands in where no exception has frames', () => {
    const threads = [{ current: true, stacktrace: { frames: [frame('a'), frame('b')] } }];
    const exception = [{ type: 'A' }, { type: 'B' }];
    const [a, b] = ['  File "/a/a.py", line 1, in a', '  File "/a/b.py", line 1, in b'];
    assert.equal(text({ threads, exception })!, ['A', '', a, b, 'B'].join('\n'));
    assert.equal(text({ threads, exception }, 'first')!, ['B', b, a, 'Caused by: A'].join('\n'));
  });

  it('is missing where there is nothing', () => {
    for (const payload of [
      {},
      { exception: {} },
      { exception: null },
      { exception: 'x' },
      { exception: { values: [null] } },
    ]) {
      assert.equal(text(payload), undefined);
    }
  });

  it('has type and text of any shape', () => {
    const said = (exception: Fields) => text({ exception: [exception] });
    assert.equal(said({ type: 'T' }), 'T');
    assert.equal(said({ value: 'v' }), 'v');
    assert.equal(said({ type: 'T', value: { a: [1] } }), 'T: {"a":[1]}');
    assert.equal(said({ type: 5, value: null }), '5');
    assert.equal(said({ module: 'm' }), 'Error');
  });

  it('loses the oldest frames above 250', () => {
    for (const count of [250, 251, 5000]) {
      const frames = Array.from({ length: count }, (_, i) => ({ function: `f${i}` }));
      const lines = text({ exception: { type: 'T', stacktrace: { frames } } })!.split('\n');
      // The reader itself keeps the last thousand.
      const known = Math.min(count, 1000);
      const left = known - 250;
      assert.deepEqual(lines.splice(0, 1 + Number(left > 0)), [
        ...(left > 0 ? [`  ... ${left} older frames`] : []),
        `  File "?", in f${count - 250}`,
      ]);
      assert.equal(lines.at(-2), `  File "?", in f${count - 1}`);
      assert.equal(lines.length, 250);
    }
  });

  it('keeps the crash when there is too much of everything', () => {
    const long = { function: 'f'.repeat(300), context_line: 'c'.repeat(300) };
    const values = Array.from({ length: 1000 }, (_, i) => ({
      type: `T${i}`,
      value: 'v'.repeat(9000),
      stacktrace: { frames: Array.from({ length: 250 }, () => long) },
    }));
    for (const crash of ['last', 'first'] as const) {
      const all = text({ exception: { values } }, crash)!;
      assert.ok(all.length < 150_000);
      const lines = all.split('\n');
      if (crash === 'last') assert.ok(lines.at(-1)!.startsWith('T999: v') && lines[0] === '...');
      else assert.ok(lines[0]!.startsWith('T999: v') && lines.at(-1) === '...');
    }
  });
});
