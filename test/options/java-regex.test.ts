import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JavaRegexError, javaRegex, javaRegexProblem } from '../../src/options/java-regex.ts';

function matches(pattern: string, text: string): boolean {
  return javaRegex(pattern, { full: true }).regex.test(text);
}

/** Pattern, texts it matches as a whole, texts it does not. */
const CASES: readonly [string, readonly string[], readonly string[]][] = [
  ['.*\\.log', ['a.log', '.log'], ['a.log.1', 'alog', 'a\n.log']],
  ['a|b', ['a', 'b'], ['ab']],
  ['sentry-[a-z&&[^w]]+\\.log(?:\\.\\d+)?', ['sentry-eb.log', 'sentry-eb.log.12'], ['sentry-web.log']],
  ['[a[bc]]d', ['ad', 'bd', 'cd'], ['dd']],
  ['[^a-c]', ['d', '\n', '🎉'], ['b', 'dd']],
  ['[]a]', [']', 'a'], ['b']],
  ['[a-]', ['a', '-'], ['b']],
  ['[\\w-.]+', ['a-b.c'], ['a b']],
  ['[.*+?(){}|/^$]', ['.', '(', '}', '/', '^', '$'], ['a']],
  ['a{2,3}', ['aa', 'aaa'], ['a', 'aaaa']],
  ['a}', ['a}'], ['a']],
  ['a++b', ['aab'], ['b']],
  ['a*+a', [], ['aaa']],
  ['"(?:[^"\\\\]++|\\\\.)*+"', ['"a\\"b"'], ['"a"b']],
  ['(?>a|ab)c', ['ac'], ['abc']],
  ['(?>(a+))\\1', [], ['aa']],
  ['(a)(?>b+)(c)\\2\\1', ['abbcca'], ['abbcac']],
  ['(?<x>a|b)\\k<x>', ['aa', 'bb'], ['ab']],
  ['(?i)abc', ['aBC'], ['abd']],
  ['a(?i)b', ['aB', 'ab'], ['AB']],
  ['a(?i:b)c', ['aBc'], ['aBC']],
  ['(?i)[a-f]é', ['Bé'], ['BÉ', 'gé']],
  ['(?iu)é', ['É', 'é'], ['e']],
  ['(?s).', ['\n'], ['']],
  ['.', ['a', '\v', '🎉'], ['\n', '\u0085', '\u2028']],
  ['(?x) a b # c', ['ab'], ['a b']],
  ['\\Qa.b*\\E+', ['a.b*', 'a.b**'], ['axb', 'a.b*a.b*']],
  ['\\Qa.b', ['a.b'], ['axb']],
  ['\\\\Qa', ['\\Qa'], ['a']],
  ['\\p{Alpha}\\p{Digit}\\P{Punct}', ['a1x'], ['éxx', 'a1.']],
  ['\\p{L}\\pL', ['éж'], ['1a']],
  ['\\p{IsAlphabetic}\\p{IsLatin}\\p{Lu}', ['жaB'], ['жжB']],
  ['[\\p{Alnum}_.]+', ['a_1.'], ['a-']],
  ['\\s\\S', ['\tx', ' \u00a0'], ['\u00a0x']],
  ['\\h\\R', [' \r\n', '\u00a0\n'], ['x\n']],
  ['\\x41\\u0042\\x{1F389}\\0101\\t', ['AB🎉A\t'], []],
  ['a$', ['a'], ['ab']],
  ['\\Aa\\z', ['a'], ['ba']],
  ['é+', ['éé'], ['e']],
  ['(?=a)?a', ['a'], []],
  ['a(?!b).', ['ac'], ['ab']],
  ['(?<=a)b|ab', ['ab'], ['b']],
];

describe('java regex', () => {
  for (const [pattern, yes, no] of CASES) {
    it(`translates ${JSON.stringify(pattern)}`, () => {
      for (const text of yes) assert.ok(matches(pattern, text), `${pattern} should match ${JSON.stringify(text)}`);
      for (const text of no) assert.ok(!matches(pattern, text), `${pattern} should not match ${JSON.stringify(text)}`);
    });
  }

  it('counts groups as Java does, whatever helpers the translation needs', () => {
    const { regex, groups, names, group } = javaRegex('(?:(a)|b)++(?<rest>c(d)?)', { global: true });
    const match = regex.exec('xabcd');
    assert.ok(match);
    assert.equal(groups, 3);
    assert.deepEqual([...names], [['rest', 2]]);
    assert.deepEqual(
      [0, 2, 3].map((n) => group(match, n)),
      ['abcd', 'cd', 'd'],
    );
  });

  it('finds line starts and ends under (?m), and the end before a last line end without it', () => {
    const find = (pattern: string, text: string) => text.replace(javaRegex(pattern, { global: true }).regex, '|');
    assert.equal(find('(?m)^', 'a\nb\r\nc\n'), '|a\n|b\r\n|c\n');
    assert.equal(find('(?m)$', 'a\nb'), 'a|\nb|');
    assert.equal(find('b$', 'ab\n'), 'a|\n');
    assert.equal(find('^', 'a\nb'), '|a\nb');
  });

  it('takes any text between \\Q and \\E for itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('\\E') && !text.endsWith('\\'));
        assert.ok(matches(`\\Q${text}\\E`, text));
      }),
    );
  });

  it('agrees with JavaScript where both mean the same', () => {
    const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '\\d', '\\w', '(a)', '(?:b|1)', '\\.', 'é', '_');
    const term = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '*?', '{1,2}')).map(([a, q]) => a + q);
    const pattern = fc.array(term, { minLength: 1, maxLength: 5 }).map((terms) => terms.join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', 'é', '_') });
    fc.assert(
      fc.property(pattern, text, (source, input) => {
        assert.equal(matches(source, input), new RegExp(`^(?:${source})$`, 'u').test(input), source);
      }),
      { numRuns: 1000 },
    );
  });

  it('translates or says why not, whatever the text', () => {
    const part = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '?',
      '*',
      '+',
      '\\',
      'Q',
      'E',
      'p',
      '{',
      '}',
      'a',
      '<',
      '>',
      '^',
      '-',
      '&&',
      '|',
      ':',
      '1',
      ',',
      '!',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          javaRegex(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof JavaRegexError, `${parts.join('')}: ${error}`);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('names the place and the reason of what it cannot take', () => {
    const problems = [
      'a(b',
      'a)b',
      '[ab',
      '*a',
      '\\Gx',
      '\\p{InGreek}',
      'a{x}',
      '\\k<no>',
      '(?<a>x)(?<a>y)',
      'x\\',
      '[z-a]',
    ].map((pattern) => javaRegexProblem(pattern)?.replace(/^"[^"]*": /, ''));
    assert.deepEqual(problems, [
      'a ( without a ), at character 4',
      'a ) without a (, at character 2',
      'a [ without a ], at character 4',
      'nothing before *, at character 2',
      '\\G cannot be translated, at character 3',
      '\\p{InGreek} cannot be translated, at character 12',
      '{x} is no quantifier, at character 5',
      'there is no group no before this place, at character 7',
      'the group a twice, at character 13',
      'a \\ at the end, at character 3',
      'the range z-a is empty, at character 5',
    ]);
  });
});
