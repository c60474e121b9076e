import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { group } from '../../../src/sentry/grouping/index.ts';
import { parseJson } from '../../../src/sentry/json.ts';
import { type Fields, isFields } from '../../../src/sentry/payload.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/sentry');
const SAMPLES = readdirSync(FIXTURES)
  .filter((name) => /^\d\d-.*\.json$/.test(name))
  .map((name) => parseJson(readFileSync(join(FIXTURES, name), 'utf8')) as Fields);

/** A value made anew, each object through a function. */
function rebuilt(value: unknown, change: (fields: Fields) => Fields): unknown {
  if (Array.isArray(value)) return value.map((entry) => rebuilt(entry, change));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(change(value)).map(([key, inner]) => [key, rebuilt(inner, change)]));
}

/** Events of the shapes that the rules tell apart. */
const text = fc.oneof(
  fc.string(),
  fc.constantFrom('app', 'go', '?', 'https://a.example/x.js', '{{ default }}', 'a\nb\nc'),
);
const odd = fc.oneof(fc.constantFrom(null, true, 0, 3.5, '', {}, []), fc.jsonValue({ maxDepth: 2 }));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | unknown> => fc.oneof({ weight: 5, arbitrary: value }, odd);
const aFrame = fc.record(
  {
    function: maybe(text),
    raw_function: maybe(text),
    module: maybe(text),
    filename: maybe(text),
    abs_path: maybe(text),
    context_line: maybe(text),
    in_app: maybe(fc.boolean()),
    platform: maybe(fc.constantFrom('java', 'native', 'node', 'php', 'ruby', 'csharp')),
    lineno: maybe(fc.nat()),
    data: odd,
  },
  { requiredKeys: [] },
);
const aStack = maybe(fc.record({ frames: maybe(fc.array(maybe(aFrame), { maxLength: 4 })) }));
const anException = fc.record(
  {
    type: maybe(text),
    value: maybe(text),
    stacktrace: aStack,
    mechanism: maybe(
      fc.record(
        {
          synthetic: maybe(fc.boolean()),
          is_exception_group: maybe(fc.boolean()),
          exception_id: maybe(fc.nat(3)),
          parent_id: maybe(fc.nat(3)),
          meta: maybe(fc.record({ ns_error: maybe(fc.record({ domain: text, code: fc.integer() })) })),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
const anEvent = fc.record(
  {
    platform: maybe(fc.constantFrom('python', 'javascript', 'java', 'native', 'php')),
    checksum: fc.option(odd, { freq: 10 }),
    fingerprint: fc.option(maybe(fc.array(maybe(text), { maxLength: 4 })), { freq: 3 }),
    exception: maybe(
      fc.oneof(fc.array(maybe(anException), { maxLength: 4 }), fc.record({ values: fc.array(anException) })),
    ),
    threads: maybe(fc.array(maybe(fc.record({ crashed: fc.boolean(), stacktrace: aStack })), { maxLength: 3 })),
    stacktrace: aStack,
    logentry: maybe(fc.record({ message: maybe(text), formatted: maybe(text) })),
    message: maybe(text),
    csp: odd,
    template: odd,
    tags: odd,
  },
  { requiredKeys: [] },
);

describe('grouping, whatever comes', () => {
  it('never throws, and gives an md5 and an origin for each input', () => {
    fc.assert(
      fc.property(fc.oneof(anEvent, fc.dictionary(fc.string(), fc.jsonValue())), (event) => {
        const { hash, inputs, origins } = group(event as Fields);
        assert.match(hash, /^[0-9a-f]{32}$/);
        assert.equal(inputs.length, origins.length);
        assert.ok(inputs.every((input) => typeof input === 'string'));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not mind the order of keys', () => {
    const reversed = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).toReversed());
    for (const event of SAMPLES) assert.deepEqual(group(rebuilt(event, reversed) as Fields), group(event));
    fc.assert(
      fc.property(anEvent, (event) => {
        assert.deepEqual(group(rebuilt(event, reversed) as Fields), group(event as Fields));
      }),
      { numRuns: 500 },
    );
  });

  it('does not mind lines, variables, addresses, breadcrumbs, times, users', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), fc.nat(10_000), fc.jsonValue(), (event, shift, value) => {
        const moved = rebuilt(event, (fields) => {
          if (!('function' in fields || 'filename' in fields)) return fields;
          const lineno = typeof fields['lineno'] === 'number' ? fields['lineno'] + shift : fields['lineno'];
          return { ...fields, lineno, vars: value, pre_context: value, instruction_addr: value };
        }) as Fields;
        const other = {
          breadcrumbs: value,
          timestamp: value,
          user: value,
          extra: value,
          contexts: value,
          modules: value,
        };
        assert.deepEqual(group({ ...moved, ...other }), group(event));
      }),
    );
  });

  it('does not mind numbers, ids and addresses in a message', () => {
    const variable = fc.record({
      id: fc.uuid(),
      count: fc.integer({ min: 0, max: 9_999_999 }),
      ip: fc.ipV4(),
      ms: fc.nat(100_000),
      at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }),
    });
    fc.assert(
      fc.property(variable, variable, (a, b) => {
        const [x, y] = [a, b].map(({ id, count, ip, ms, at }) => {
          const message = `${at.toISOString()}: request ${id} of ${ip}:${count} took ${ms}ms, ${count} rows`;
          return group({ exception: { type: 'E', value: message } });
        });
        assert.deepEqual(x, y);
      }),
    );
  });

  it('tells apart what differs in a type, a function or a word', () => {
    const event = (type: string, name: string): Fields => ({
      platform: 'go',
      exception: { type, stacktrace: { frames: [{ function: name, in_app: true }] } },
    });
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        fc.pre(b !== c);
        assert.notEqual(group(event(a, b)).hash, group(event(a, c)).hash);
        assert.notEqual(group(event(`${b}!`, a)).hash, group(event(`${c}!`, a)).hash);
        assert.notEqual(group({ message: b }).hash, group({ message: c }).hash);
      }),
    );
  });

  it('is the same for an event as it came and as Sentry stores it', () => {
    const event = {
      platform: 'javascript',
      message: 'm 5',
      tags: { a: true },
      fingerprint: ['{{ default }}', '{{ level }}', '{{ tags.a }}', '{{ tags.environment }}'],
      environment: 'prod',
      exception: [
        { type: 'E', stacktrace: { frames: [{ filename: 'https://a.example/x.js', function: 'f', in_app: true }] } },
      ],
    };
    const frame = { filename: '/x.js', abs_path: 'https://a.example/x.js', function: 'f', in_app: true };
    const stored = {
      platform: 'javascript',
      level: 'error',
      logentry: { formatted: 'm 5' },
      message: 'm 5',
      title: 'E',
      tags: [
        ['a', 'True'],
        ['environment', 'prod'],
        ['level', 'error'],
      ],
      fingerprint: event.fingerprint,
      exception: { values: [{ type: 'E', value: null, stacktrace: { frames: [frame], registers: null } }] },
      hashes: ['x'],
    };
    assert.deepEqual(group(stored), group(event));
  });

  it('stays within bounds for payloads nested without end or full to the brim', () => {
    const deep = parseJson(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    for (const key of [
      'exception',
      'message',
      'logentry',
      'fingerprint',
      'threads',
      'stacktrace',
      'tags',
      'checksum',
    ]) {
      assert.match(group({ [key]: deep }).hash, /^[0-9a-f]{32}$/);
      assert.match(group({ exception: [{ type: 'E', value: deep }] }).hash, /^[0-9a-f]{32}$/);
    }
    const frames = Array.from({ length: 2000 }, (_, i) => ({ function: `f${i}`, in_app: true }));
    const values = Array.from({ length: 2000 }, () => ({ type: 'E', stacktrace: { frames } }));
    assert.equal(group({ exception: { values } }).inputs.length, 1000 * 251);
  });
});
