import assert from 'node:assert/strict';
import { hash as digest } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Grouping, group, issueIdOf } from '../../../src/sentry/grouping/index.ts';
import { parseJson } from '../../../src/sentry/json.ts';
import { type Fields, isFields } from '../../../src/sentry/payload.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/sentry');

interface Expected {
  readonly inputs: readonly string[];
  readonly hash: string;
}

function read(name: string): Fields {
  const value = parseJson(readFileSync(join(FIXTURES, name), 'utf8'));
  assert.ok(isFields(value));
  return value;
}

function groupSample(name: string): Grouping {
  const file = readdirSync(FIXTURES).find((entry) => entry.startsWith(`${name}.`));
  assert.ok(file !== undefined, `there is a sample ${name}`);
  return group(read(file));
}

describe('grouping of the samples', () => {
  const expected = read('EXPECTED-events.json')['grouping'] as Readonly<Record<string, Expected>>;

  for (const [name, { inputs, hash }] of Object.entries(expected)) {
    it(`gives ${name} the inputs and the hash that are written down`, () => {
      const grouping = groupSample(name);
      const rest = /^… (\d+) frame inputs/.exec(inputs.at(-1)!)?.[1];
      if (rest === undefined) assert.deepEqual(grouping.inputs, inputs);
      else {
        assert.deepEqual(grouping.inputs.slice(0, inputs.length - 1), inputs.slice(0, -1));
        assert.equal(grouping.inputs.length, 1 + Number(rest));
      }
      assert.equal(grouping.hash, hash);
      assert.equal(digest('md5', grouping.inputs.join('')), hash);
      assert.equal(grouping.origins.length, grouping.inputs.length);
    });
  }

  it('says what decided, and in which variant', () => {
    const decided = ['01', '02', '03', '05', '10', '12', '14'].map((number) => {
      const file = readdirSync(FIXTURES).find((entry) => entry.startsWith(`${number}-`) && entry.endsWith('.json'))!;
      const { by, variant } = group(read(file));
      return [by, variant];
    });
    assert.deepEqual(decided, [
      ['exception', 'app'],
      ['message', undefined],
      ['exception', 'app'],
      ['fingerprint', 'app'],
      ['checksum', undefined],
      ['exception', 'app'],
      ['exception', 'app'],
    ]);
  });

  it('names where each input came from', () => {
    assert.deepEqual(groupSample('05-node-fingerprint-hybrid').origins, [
      'type',
      'value, parameterised',
      'type',
      'module',
      'function',
      'context line',
      'fingerprint, {{ transaction }}',
      'fingerprint',
      'fingerprint',
      'fingerprint',
    ]);
  });

  it('groups an event that Sentry has stored as it did when it came', () => {
    const lines = readFileSync(join(FIXTURES, 'kafka-events-topic.jsonl'), 'utf8').split('\n');
    const stored = lines
      .filter((line) => line.startsWith('[2,"insert"'))
      .map((line) => ((parseJson(line) as unknown[])[2] as Fields)['data'] as Fields);
    assert.deepEqual(
      stored.slice(0, 2).map((data) => group(data).hash),
      [groupSample('07-go-panic-bare-arrays').hash, groupSample('02-python-logging-logentry').hash],
    );
  });

  it('names its rules in the id of an issue', () => {
    assert.equal(issueIdOf('d41d8cd98f00b204e9800998ecf8427e'), 'v1-d41d8cd98f00b204e9800998ecf8427e');
    assert.deepEqual(group({}), {
      hash: 'd41d8cd98f00b204e9800998ecf8427e',
      by: 'nothing',
      variant: undefined,
      inputs: [],
      origins: [],
    });
  });
});
