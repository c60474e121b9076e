import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Assembler } from '../../src/tail/assembler.ts';
import type { Shaper } from '../../src/tail/chunk.ts';
import { CriShaper } from '../../src/tail/cri-lines.ts';
import { DockerShaper } from '../../src/tail/docker-lines.ts';
import { LinePattern } from '../../src/tail/line-pattern.ts';
import { Shaping } from './shaping.ts';

interface Made {
  readonly shaper: Shaper;
  readonly bad: number[];
  readonly limits: number[];
}

interface Options {
  readonly start?: string;
  readonly maxBytes?: number;
  readonly streamHeader?: string;
  readonly timeHeader?: string;
}

function make(format: 'docker' | 'cri', options: Options = {}): Made {
  const { start, maxBytes = 1 << 20, streamHeader = 'stream', timeHeader = 'time' } = options;
  const bad: number[] = [];
  const limits: number[] = [];
  const pattern = start === undefined ? undefined : new LinePattern({ start, maxLines: 1000, maxBytes });
  const assembly = { pattern, maxBytes, streamHeader, timeHeader, onLimit: (offset: number) => limits.push(offset) };
  const Class = format === 'docker' ? DockerShaper : CriShaper;
  return { shaper: new Class(new Assembler(assembly), (offset) => bad.push(offset)), bad, limits };
}

const T = '2016-10-06T00:17:09.669794202Z';
const docker = (log: string, stream = 'stdout', time = T) => `${JSON.stringify({ log, stream, time })}\n`;
const cri = (text: string, stream = 'stdout', tag = 'F') => `${T} ${stream} ${tag} ${text}\n`;

describe('docker json-file records', () => {
  it('become their text, with stream and time in headers', () => {
    const { shaper } = make('docker');
    const run = new Shaping(shaper).write(docker('one\n') + docker('two\n', 'stderr', '2016-10-06T00:17:10Z'));
    assert.deepEqual(run.texts, ['one', 'two']);
    assert.deepEqual(
      run.events.map((event) => event.headers),
      [
        { stream: 'stdout', time: T },
        { stream: 'stderr', time: '2016-10-06T00:17:10Z' },
      ],
    );
  });

  it('have no headers where none are wanted, and one column where all come from one stream', () => {
    const without = new Shaping(make('docker', { streamHeader: '', timeHeader: '' }).shaper).write(docker('a\n'));
    assert.deepEqual(without.chunks[0].headers, []);
    const one = new Shaping(make('docker').shaper).write(docker('a\n') + docker('b\n'));
    assert.equal(one.chunks[0].headers[0].constant, 'stdout');
  });

  it('are joined from pieces, each stream for itself', () => {
    const run = new Shaping(make('docker').shaper);
    run.write(docker('a1 ') + docker('e1 ', 'stderr') + docker('a2\n') + docker('e2\n', 'stderr') + docker('b\n'));
    assert.deepEqual(run.texts, ['a1 a2', 'e1 e2', 'b']);
    assert.deepEqual(run.events[1].headers, { stream: 'stderr', time: T });
  });

  it('tell where reading must begin again when pieces lie among each other', () => {
    const records = [docker('a1 '), docker('e1 ', 'stderr'), docker('a2\n'), docker('e2\n', 'stderr'), docker('b\n')];
    const at = records.map((_, i) => records.slice(0, i).join('').length);
    const run = new Shaping(make('docker').shaper).write(records.join(''), [7]);
    assert.deepEqual(
      run.events.map((event) => event.offset),
      [at[0], at[1], at[4]],
    );
    assert.deepEqual(
      run.events.map((event) => event.resume),
      [at[0], at[0], at[4]],
    );
  });

  it('are read whatever the text holds, and however they are written', () => {
    const texts = [
      '',
      'ä€😀',
      'tab\tquote"back\\slash',
      '\u001b[31mred\u001b[0m',
      'inner\nend',
      'a}',
      '","stream":"stderr"',
    ];
    const odd = [
      '{"stream":"stdout","log":"other order\\n","time":"t"}\n',
      '{ "log": "blanks\\n", "stream": "stdout", "time": "t" }\n',
      `{"log":"attributes\\n","stream":"stdout","attrs":{"tag":"x","a\\"b":"}"},"time":"${T}"}\n`,
      '{"log":"no stream\\n"}\n',
      '{"log":"\\u0041\\ud83d\\ude00\\n","stream":"stdout","time":"t"}\n',
    ];
    const run = new Shaping(make('docker').shaper).write(
      texts.map((text) => docker(`${text}\n`)).join('') + odd.join(''),
    );
    assert.deepEqual(run.texts, [...texts, 'other order', 'blanks', 'attributes', 'no stream', 'A😀']);
    assert.deepEqual(run.events[9].headers, { stream: 'stdout', time: T });
    assert.deepEqual(run.events[10].headers, {});
  });

  it('leave the CR of a terminal out', () => {
    const run = new Shaping(make('docker').shaper).write(
      docker('a\r\n') + docker('\r\n') + docker('b\r') + docker('c\r\n'),
    );
    assert.deepEqual(run.texts, ['a', '', 'b\rc']);
  });

  it('that are none pass as they are, and are counted', () => {
    const lines = [
      'plain',
      '',
      '{"log":"x',
      '{"log":"x\\q\\n","stream":"stdout","time":"t"}',
      '{"log":1}',
      '[]',
      'null',
      '{"log":"a\\n"}x',
    ];
    const { shaper, bad } = make('docker');
    const run = new Shaping(shaper).write(`${docker('a ')}${lines.join('\n')}\n${docker('b\n')}`, [11]);
    assert.deepEqual(run.texts, ['a b', ...lines]);
    assert.equal(bad.length, lines.length);
    assert.deepEqual(run.events[1].headers, {});
  });

  it('end a line of more bytes than an event may have, and say where', () => {
    const { shaper, limits } = make('docker', { maxBytes: 10 });
    const run = new Shaping(shaper).write(
      docker('12345') + docker('123') + docker('12345') + docker('x\n') + docker('y\n'),
    );
    assert.deepEqual(run.texts, ['12345123', '12345x', 'y']);
    assert.deepEqual(limits, [0]);
  });

  it('do not wait for ever for a line that another stream has left open', () => {
    const { shaper, limits } = make('docker', { maxBytes: 1000 });
    const run = new Shaping(shaper).write(docker('open ') + docker(`${'x'.repeat(500)}\n`, 'stderr').repeat(200));
    assert.ok(run.texts.length > 100);
    assert.equal(run.texts[0], 'open ');
    assert.deepEqual(limits, [0]);
  });

  it('are handed on as they are when the time is up', () => {
    const run = new Shaping(make('docker').shaper).write(docker('a ') + docker('e\n', 'stderr'));
    assert.deepEqual(run.texts, []);
    run.flush().write(docker('b\n'));
    assert.deepEqual(run.texts, ['a ', 'e', 'b']);
  });

  it('are joined to events of several lines after that', () => {
    const run = new Shaping(make('docker', { start: '^\\S' }).shaper);
    run.write(
      docker('Trace\n') + docker('  at 1 ') + docker('E\n', 'stderr') + docker('more\n') + docker('  at 2\n', 'stdout'),
    );
    run.write(docker(' e\n', 'stderr') + docker('Next\n')).flush();
    assert.deepEqual(run.texts, ['Trace\n  at 1 more\n  at 2', 'E\n e', 'Next']);
  });
});

describe('CRI lines', () => {
  it('become their text, joined from pieces, with stream and time in headers', () => {
    const run = new Shaping(make('cri').shaper);
    run.write(
      cri('one') +
        cri('p1 ', 'stdout', 'P') +
        cri('err', 'stderr') +
        cri('p2') +
        cri('', 'stdout', 'F:x:y') +
        `${T} stdout F\n`,
    );
    assert.deepEqual(run.texts, ['one', 'p1 p2', 'err', '', '']);
    assert.deepEqual(run.events[2].headers, { stream: 'stderr', time: T });
  });

  it('that are none pass as they are, and are counted', () => {
    const lines = [
      'plain',
      '',
      `${T}`,
      `${T} stdout`,
      `${T} stdout X a`,
      `${T} other F a`,
      'x stdout F a',
      `${T} stdout FF a`,
    ];
    const { shaper, bad } = make('cri');
    const run = new Shaping(shaper).write(`${lines.join('\n')}\n`);
    assert.deepEqual(run.texts, lines);
    assert.equal(bad.length, lines.length);
  });
});

for (const format of ['docker', 'cri'] as const) {
  describe(`${format} logs, any`, () => {
    const write = (text: string, stream: string, isWhole: boolean) =>
      format === 'docker' ? docker(isWhole ? `${text}\n` : text, stream) : cri(text, stream, isWhole ? 'F' : 'P');
    const record = fc.record({
      text: fc.oneof(
        fc.constantFrom('s', 's one', ' x', ''),
        fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' ')),
      ),
      stream: fc.constantFrom('stdout', 'stderr'),
      isWhole: fc.boolean(),
      isBad: fc.nat({ max: 9 }).map((n) => n === 0),
    });
    const records = fc.array(record, { maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });

    it('give the same events however they are read, and again from where each must be read', () => {
      fc.assert(
        fc.property(records, sizes, fc.boolean(), fc.nat(), (all, pieces, joins, pick) => {
          const start = joins ? '^s' : undefined;
          const texts = all.map(({ text, stream, isWhole, isBad }) =>
            isBad ? 'bad line\n' : write(text, stream, isWhole),
          );
          const file = Buffer.from(texts.join(''));
          const run = new Shaping(make(format, { start }).shaper).write(file, pieces).flush();
          // The same by hand: lines by stream, then events by stream, then in the order of their first records.
          const expected: { first: number; text: string; line: string; isOpen: boolean }[] = [];
          const last = new Map<string, { first: number; text: string; line: string; isOpen: boolean }>();
          all.forEach(({ text, stream, isWhole, isBad }, first) => {
            const before = last.get(stream);
            if (isBad) expected.push({ first, text: 'bad line', line: '', isOpen: false });
            else if (before?.isOpen) {
              before.text += text;
              before.isOpen = !isWhole;
            } else if (before !== undefined && joins && !text.startsWith('s')) {
              before.text += `\n${text}`;
              before.isOpen = !isWhole;
            } else {
              const event = { first, text, line: text, isOpen: !isWhole };
              expected.push(event);
              last.set(stream, event);
            }
          });
          assert.deepEqual(
            run.texts,
            expected.map((event) => event.text),
          );
          const offsets = texts.map((_, i) => Buffer.byteLength(texts.slice(0, i).join('')));
          assert.deepEqual(
            run.events.map((event) => event.offset),
            expected.map((event) => offsets[event.first]),
          );
          for (const [i, event] of run.events.entries())
            assert.equal(event.next, run.events[i + 1]?.offset ?? file.length);
          if (run.events.length === 0) return;
          const from = pick % run.events.length;
          const { resume } = run.events[from];
          const again = new Shaping(make(format, { start }).shaper, resume).write(file.subarray(resume), [97]).flush();
          const tail = again.events.filter((event) => event.offset >= run.events[from].offset);
          const plain = (events: readonly (typeof tail)[number][]) =>
            events.map(({ text, offset, next, headers }) => ({ text, offset, next, headers }));
          assert.deepEqual(plain(tail), plain(run.events.slice(from)));
        }),
        { numRuns: 400 },
      );
    });

    it('give the same events again when some had ended by time', () => {
      fc.assert(
        fc.property(records, fc.array(fc.nat(), { maxLength: 4 }), fc.nat(), (all, waits, pick) => {
          const file = Buffer.from(all.map(({ text, stream, isWhole }) => write(text, stream, isWhole)).join(''));
          const run = new Shaping(make(format, { start: '^s' }).shaper);
          let at = 0;
          for (const stop of [...waits.map((wait) => wait % (file.length + 1)).sort((a, b) => a - b), file.length]) {
            run.write(file.subarray(at, stop)).flush();
            at = stop;
          }
          if (run.events.length === 0) return;
          const from = pick % run.events.length;
          const { resume } = run.events[from];
          const cuts = run.chunks.filter((chunk) => chunk.endedByTime && chunk.end > resume).map((chunk) => chunk.end);
          const second = make(format, { start: '^s' }).shaper;
          second.reset(cuts);
          const again = new Shaping(second, resume).write(file.subarray(resume)).flush();
          const tail = again.events.filter((event) => event.offset >= run.events[from].offset);
          assert.deepEqual(
            tail.map((event) => event.text),
            run.events.slice(from).map((event) => event.text),
          );
        }),
        { numRuns: 300 },
      );
    });
  });
}
