import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Beginning, parseTail } from '../../../src/sources/exec/tail-command.ts';
import { tailOffset } from '../../../src/sources/exec/tail-offset.ts';
import { useTempDir } from '../../support/temp-dir.ts';

const SH = '/bin/sh -c';
const LAST_TEN: Beginning = { unit: 'lines', from: 'end', count: 10 };

function files(command: string, shell?: string): readonly string[] | undefined {
  return parseTail(command, shell)?.files;
}

describe('what is plainly a tail', () => {
  const dir = useTempDir();

  it('is tail -f or -F in all its spellings', () => {
    const same = [
      'tail -f /a',
      'tail -F /a',
      '/usr/bin/tail -F /a',
      '/bin/tail -f /a',
      'tail /a -f',
      'tail -qF /a',
      'tail --follow /a',
      'tail --follow=name --retry /a',
      'tail --follow=descriptor /a',
      'tail -f -s 0.5 /a',
      'tail -fs1 /a',
      'tail --sleep-interval=2 --max-unchanged-stats=3 -F /a',
      'tail -F --quiet --silent -- /a',
      'tail  -F\t/a',
      'tail -lf /a',
    ];
    for (const command of same) {
      assert.deepEqual(
        parseTail(command, undefined),
        { files: ['/a'], beginning: LAST_TEN, hasTitles: false },
        command,
      );
    }
  });

  it('is one of several files, with titles unless it is quiet', () => {
    assert.deepEqual(parseTail('tail -F a b', undefined)?.files, ['a', 'b']);
    assert.equal(parseTail('tail -F a b', undefined)?.hasTitles, true);
    assert.equal(parseTail('tail -qF a b', undefined)?.hasTitles, false);
    assert.equal(parseTail('tail -F a', undefined)?.hasTitles, false);
    assert.deepEqual(files('tail -F -- -a -b'), ['-a', '-b']);
  });

  it('says where it begins', () => {
    const cases: [string, Beginning][] = [
      ['-n 0 -F', { unit: 'lines', from: 'end', count: 0 }],
      ['-Fn0', { unit: 'lines', from: 'end', count: 0 }],
      ['-Fn 100', { unit: 'lines', from: 'end', count: 100 }],
      ['-n -5 -F', { unit: 'lines', from: 'end', count: 5 }],
      ['-n +1 -F', { unit: 'lines', from: 'start', count: 0 }],
      ['-n +0 -F', { unit: 'lines', from: 'start', count: 0 }],
      ['-n +7 -F', { unit: 'lines', from: 'start', count: 6 }],
      ['--lines=7 -F', { unit: 'lines', from: 'end', count: 7 }],
      ['--lines +7 -F', { unit: 'lines', from: 'start', count: 6 }],
      ['-c +3 -F', { unit: 'bytes', from: 'start', count: 2 }],
      ['--bytes=3 -F', { unit: 'bytes', from: 'end', count: 3 }],
      ['-c2K -F', { unit: 'bytes', from: 'end', count: 2048 }],
      ['-c 1MB -F', { unit: 'bytes', from: 'end', count: 1_000_000 }],
      ['-c 3b -F', { unit: 'bytes', from: 'end', count: 1536 }],
      ['-n 3 -c 5 -F', { unit: 'bytes', from: 'end', count: 5 }],
      ['-20f', { unit: 'lines', from: 'end', count: 20 }],
      ['-20cf', { unit: 'bytes', from: 'end', count: 20 }],
    ];
    for (const [words, beginning] of cases) {
      assert.deepEqual(parseTail(`tail ${words} /a`, undefined)?.beginning, beginning, words);
    }
  });

  it('is nothing that does more, does not follow files, or that tail would refuse', () => {
    const others = [
      'cat /a',
      'tail /a',
      'tail -n 5 /a',
      'tail -f',
      'tail -f -',
      'tail -f a -',
      'tail -F /dev/stdin',
      'tail -f /proc/kmsg',
      'sudo tail -F /a',
      'nice tail -F /a',
      'LC_ALL=C tail -F /a',
      '/opt/bin/tail -F /a',
      './tail -F /a',
      'mytail -F /a',
      'tail -F /a | grep x',
      'tail -F "/a"',
      "tail -F '/a'",
      'tail -F /a*',
      'tail -F $HOME/a',
      'tail -F /a 2>/dev/null',
      'tail -F /a &',
      'tail -vF /a b',
      'tail -zF /a',
      'tail -F --pid=1 /a',
      'tail -F --pid 1 /a',
      'tail -F --verbose /a',
      'tail -F --no-such /a',
      'tail -xF /a',
      'tail -F -n',
      'tail -F -n x /a',
      'tail -F -n 5x /a',
      'tail -F -n +-5 /a',
      'tail -F -n 99999999999999999999 /a',
      'tail -f -5 /a',
      'tail -5 -f /a',
      'tail -5f /a /b',
      'tail -5F /a',
      'tail +5f /a',
      'tail -F -s x /a',
      'tail --follow=inode /a',
      'tail --help -f /a',
    ];
    for (const command of others) assert.equal(parseTail(command, undefined), undefined, command);
  });

  it('is what a shell would run as one plain tail', () => {
    const plain: [string, string[]][] = [
      ['tail -F /a', ['/a']],
      ['exec tail -F /a', ['/a']],
      [' tail  -F /a ', ['/a']],
      ["tail -F '/my logs/a'", ['/my logs/a']],
      ['tail -F "/my logs/$a"', []],
      ['tail -F "/my logs/\\$a"', ['/my logs/$a']],
      ['tail -F "/my\\ logs"', ['/my\\ logs']],
      ['tail -F /my\\ logs/a', ['/my logs/a']],
      ["tail -F '/a*'", ['/a*']],
      ['\'tail\' "-F" /a\'b\'"c"', ['/abc']],
      ["tail -F '/a\"b'", ['/a"b']],
      ['tail -F /é', ['/é']],
    ];
    for (const [command, names] of plain) {
      for (const shell of [SH, '/bin/bash -c', 'bash -c', '/usr/bin/sh -c']) {
        const expected = names.length === 0 ? undefined : names;
        assert.deepEqual(files(command, shell), expected, `${shell} ${command}`);
      }
    }
  });

  it('is nothing that a shell works on', () => {
    const others = [
      'tail -F /a | grep x',
      'tail -F /a; true',
      'tail -F /a && true',
      'tail -F /a || true',
      'tail -F /a &',
      'tail -F /a > b',
      'tail -F /a 2>&1',
      'tail -F < /a',
      'tail -F $LOG',
      'tail -F ${LOG}',
      'tail -F "$LOG"',
      'tail -F `ls`',
      'tail -F $(ls)',
      'tail -F "`ls`"',
      'tail -F /a*',
      'tail -F /a?',
      'tail -F /[ab]',
      'tail -F /{a,b}',
      'tail -F ~/a',
      'tail -F /a # comment',
      'tail -F /a\ntrue',
      'A=1 tail -F /a',
      "tail -F '/a",
      'tail -F "/a',
      'tail -F /a\\',
      '(tail -F /a)',
      'exec -a x tail -F /a',
      "tail -F ''",
      '',
    ];
    for (const command of others) assert.equal(files(command, SH), undefined, command);
    assert.equal(files('tail -F /a', '/usr/bin/python3 -c'), undefined);
    assert.equal(files('tail -F /a', '/bin/sh -x -c'), undefined);
    assert.equal(files('tail -F /a', '/bin/bash -lc'), undefined);
    assert.equal(files('tail -F /a', 'ssh host'), undefined);
  });

  it('has the files that a real shell would hand to it', () => {
    const letters = fc.constantFrom(...'ab/. \t\\\'"$`*?[]{}~#;&|<>()!=-+é'.split(''));
    const texts = fc.sample(fc.string({ unit: letters, maxLength: 12 }), 5000);
    const plain = texts.flatMap((text) => {
      const found = files(`tail -F -- x${text}`, SH);
      return found === undefined ? [] : [{ text, found }];
    });
    assert.ok(plain.length > 300, `${plain.length} were plain`);
    // All of them in one go; a 1 stands between them.
    const script = plain.map(({ text }) => `printf '%s\\0' x${text}\nprintf '\\1'\n`).join('');
    for (const shell of ['/bin/sh', '/bin/bash']) {
      const out = execFileSync(shell, ['-c', script], { cwd: dir(), encoding: 'utf8' }).split('\x01');
      for (const [i, { text, found }] of plain.entries())
        assert.deepEqual(found, out[i].split('\0').slice(0, -1), text);
    }
  });

  it('begins where the real tail begins, whatever is in the file', async () => {
    const content = fc
      .array(fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', 'a', 'line', 'é', '\0', 'x'.repeat(3000)), {
        maxLength: 40,
      })
      .map((parts) => parts.join(''));
    const sign = fc.constantFrom('', '+', '-');
    const number = fc.oneof(fc.nat(12), fc.nat(8000)).map(String);
    const suffix = fc.constantFrom('', '', '', 'b', 'K', 'kB', 'KiB', 'm');
    const value = fc.tuple(sign, number, suffix).map((parts) => parts.join(''));
    const option = fc.oneof(
      fc
        .tuple(fc.constantFrom('-n', '-c', '-qn', '-n ', '-c ', '--lines=', '--bytes ', '--lines '), value)
        .map((parts) => parts.join('')),
      fc.constantFrom('-q', '--silent', '-s 1', '-s0.1', '--retry'),
    );
    const old = fc.tuple(number, fc.constantFrom('', 'l', 'c')).map(([digits, unit]) => `-${digits}${unit}`);
    await assertSame([
      ...fc.sample(fc.tuple(content, fc.array(option, { maxLength: 3 })), 300).map(([text, options]) => ({
        text,
        options: options.join(' '),
        command: (file: string) => `tail -F ${options.join(' ')} ${file}`,
      })),
      ...fc.sample(fc.tuple(content, old), 100).map(([text, form]) => ({
        text,
        options: form,
        command: (file: string) => `tail ${form}f ${file}`,
      })),
    ]);
  });

  it('begins where the real tail begins in a large file', async () => {
    const text = Array.from({ length: 200_000 }, (_, i) => `line ${i}`).join('\n');
    const counts = ['1', '10', '60000', '199999', '200000', '200001', '+150000', '+200000'];
    const large = [text, `${text}\n`].flatMap((whole) => counts.map((count) => [whole, count]));
    large.push([`${'x'.repeat(1 << 20)}\n${'y'.repeat(1 << 20)}`, '1'], ['\n'.repeat(600_000), '300000']);
    await assertSame(
      large.map(([whole, count]) => ({
        text: whole,
        options: `-n ${count}`,
        command: (file: string) => `tail -F -n ${count} ${file}`,
      })),
    );
  });

  interface Sample {
    readonly text: string;
    /** For the real tail, which does not follow: it prints what it would print at first. */
    readonly options: string;
    command(file: string): string;
  }

  /** Both begin at the same byte. The real ones run from one shell: hundreds of children of Node's own take their time. */
  async function assertSame(samples: readonly Sample[]): Promise<void> {
    const script = samples.map(({ text, options }, i) => {
      writeFileSync(join(dir(), `in${i}`), text);
      return `tail ${options} in${i} > out${i} 2> err || { echo '${options}'; cat err; exit 1; }\n`;
    });
    const real = spawnSync('/bin/sh', ['-c', script.join('')], { cwd: dir(), encoding: 'utf8' });
    assert.equal(real.status, 0, real.stdout);
    for (const [i, { text, options, command }] of samples.entries()) {
      const path = join(dir(), `in${i}`);
      const tail = parseTail(command(path), undefined);
      assert.ok(tail, `${options} is plain`);
      const whole = Buffer.from(text);
      const offset = await tailOffset(path, whole.length, tail.beginning);
      const printed = readFileSync(join(dir(), `out${i}`));
      const what = `${options} of ${JSON.stringify(text.slice(0, 200))}`;
      assert.ok(printed.equals(whole.subarray(offset)), `${what}: ${offset}, not ${whole.length - printed.length}`);
    }
  }
});
