import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseProperties } from '../../src/config/properties.ts';
import { resolveVariables } from '../../src/config/variables.ts';
import { renderProblem } from '../../src/options/problem.ts';

const NOW = new Date(2024, 1, 3, 4, 5, 6, 7).getTime();

function resolve(text: string, env: Record<string, string> = {}, system: Record<string, string> = {}) {
  const { properties } = parseProperties(Buffer.from(text, 'latin1'), 'f');
  const systemProperties = new Map(Object.entries(system));
  const resolved = resolveVariables(properties, { env, systemProperties, now: NOW });
  return {
    values: Object.fromEntries(resolved.properties.map(({ key, value }) => [key, value])),
    said: resolved.properties.flatMap(({ problems }) => problems.map(renderProblem)),
    used: resolved.used,
  };
}

const value = (expression: string, env?: Record<string, string>, system?: Record<string, string>): string =>
  resolve(`x = ${expression}`, env, system).values['x']!;

describe('variables', () => {
  it('come from the environment, from -D and from other keys, with prefixes in any case', () => {
    assert.equal(value('<${env:A}>', { A: 'one' }), '<one>');
    assert.equal(value('${ENV:A}${Sys:B}', { A: 'one' }, { B: 'two' }), 'onetwo');
    const { values, used, said } = resolve('a.b = ${base}/x\nbase = /data/${env:A}\nc = ${a.b}', { A: 'one' });
    assert.deepEqual(values, { 'a.b': '/data/one/x', base: '/data/one', c: '/data/one/x' });
    assert.deepEqual([...used].sort(), ['a.b', 'base']);
    assert.deepEqual(said, []);
  });

  it('have defaults, which may hold variables', () => {
    assert.equal(value('${env:NO:-fallback}'), 'fallback');
    assert.equal(value('${env:NO:-}'), '');
    assert.equal(value('${env:NO:-${env:A}}', { A: 'one' }), 'one');
    assert.equal(value('${env:A:-fallback}', { A: 'one' }), 'one');
  });

  it('may be nested, and their values are looked into', () => {
    assert.equal(value('${env:${env:WHICH}}', { WHICH: 'A', A: 'one' }), 'one');
    assert.equal(value('${env:A}', { A: '<${env:B}>', B: 'two' }), '<two>');
  });

  it('are escaped by a second dollar', () => {
    assert.equal(value('$${env:A}', { A: 'one' }), '${env:A}');
    assert.equal(value('$$${env:A}', { A: 'one' }), '$${env:A}');
    assert.equal(value('$1 and ${'), '$1 and ${');
    assert.equal(value('${ and ${env:A}', { A: 'one' }), '${ and ${env:A}');
  });

  it('stay as they are without a value, with a warning and its place', () => {
    const { values, said } = resolve('a = 1\nx = ${env:NO} ${bare} ${sys:no}');
    assert.equal(values['x'], '${env:NO} ${bare} ${sys:no}');
    assert.deepEqual(said, [
      'f:2:5: warning: property x: ${env:NO} has no value and stays as it is (set it in the environment of the agent, or give a default: ${env:NO:-default})',
      'f:2:5: warning: property x: ${bare} has no value and stays as it is (for the environment write ${env:bare}; for a literal $${bare})',
      'f:2:5: warning: property x: ${sys:no} has no value and stays as it is (give it with -D, or a default: ${sys:no:-default})',
    ]);
  });

  it('without a prefix read the environment with EnvVarResolverProperties', () => {
    const system = { propertiesImplementation: 'org.apache.flume.node.EnvVarResolverProperties' };
    assert.equal(value('${A} ${NO}', { A: 'one' }, system), 'one ${NO}');
    assert.equal(resolve('A = key\nx = ${A}', { A: 'one' }, system).values['x'], 'key');
  });

  it('of Java name what runs here; an unknown name is an error', () => {
    assert.match(value('${java:version}'), /^Node\.js version \d+\./);
    assert.match(value('${java:os}'), /architecture: \w+-64$/);
    assert.match(value('${java:locale}', { LANG: 'de_DE.UTF-8' }), /^default locale: de_DE/);
    assert.equal(value('${sys:user.home}', { HOME: '/home/u' }), '/home/u');
    assert.deepEqual(resolve('x = ${java:vendor}').said, [
      'f:1:5: error: property x: there is no ${java:vendor} (known: version, runtime, vm, os, hardware, locale)',
    ]);
  });

  it('of dates follow the pattern', () => {
    assert.equal(value("${date:yyyy-MM-dd'T'HH:mm:ss.SSS}"), '2024-02-03T04:05:06.007');
    assert.equal(
      value("${date:yy M MMM MMMM d D E EEEE u h a k K ''}"),
      "24 2 Feb February 3 34 Sat Saturday 6 4 AM 4 4 '",
    );
    assert.match(value('${date:Z XXX}'), /^[+-]\d{4} (Z|[+-]\d\d:\d\d)$/);
    assert.match(resolve('x = ${date:bbb}').said[0]!, /error: .*the letter b has no meaning/);
    assert.match(resolve("x = ${date:'y}").said[0]!, /error: .*a quote is not closed/);
  });

  it('that lead round in a circle are an error, not an endless loop', () => {
    assert.match(resolve('a = ${b}\nb = ${c}\nc = ${a}').said[0]!, /error: .*in a circle: a -> b -> c -> a/);
    assert.match(resolve('x = ${x}').said[0]!, /error: .*in a circle: x -> x/);
    assert.match(value('${env:A:-1}', { A: '${env:A}' }), /env:A/);
    assert.match(resolve('x = ${env:A}', { A: '${env:A}' }).said[0]!, /error: .*\$\{env:A\} leads back to itself/);
  });

  it('neither grow nor nest without bound', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `k${i} = \${k${i + 1}}\${k${i + 1}}`);
    const { said } = resolve(`${doubling.slice(0, 25).join('\n')}\nk25 = ha`);
    assert.ok(said.some((line) => /error: .*too long/.test(line)));
    const deep = `${'${env:'.repeat(5000)}A${'}'.repeat(5000)}`;
    assert.match(resolve(`x = ${deep}`).said[0]!, /error: .*nested too deep/);
    const chain = Array.from({ length: 5000 }, (_, i) => `k${i} = \${k${i + 1}}`).join('\n');
    assert.ok(resolve(`${chain}\nk5000 = end`).said.some((line) => /nested too deep/.test(line)));
  });

  it('never throw, whatever the value', () => {
    const part = fc.constantFrom(
      '$',
      '{',
      '}',
      '${',
      ':-',
      'env:',
      'sys:',
      'java:',
      'date:',
      'a',
      'b',
      'A',
      "'",
      'yyyy',
      ' ',
    );
    const text = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, text, (a, b, env) => {
        const { values } = resolve(`a = ${a}\nb = ${b}`, { A: env });
        assert.equal(typeof values['a'], 'string');
      }),
    );
  });

  it('leave a value without a dollar alone', () => {
    const plain = fc.string().filter((text) => !text.includes('${'));
    fc.assert(
      fc.property(plain, (text) => {
        const at = { file: 'f', line: 1, column: 1 };
        const property = { key: 'x', value: text, at, valueAt: at };
        const { properties } = resolveVariables([property], { env: {}, systemProperties: new Map(), now: NOW });
        assert.equal(properties[0]?.value, text);
      }),
    );
  });
});
