import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { FakeOutput } from '../sources/harness.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

interface Line {
  readonly stream: 'stdout' | 'stderr';
  /** Begins an event; else it goes on with the one before. */
  readonly begins: boolean;
  /** Written in so many pieces. */
  readonly pieces: number;
}

/** One life: what is written in it, whether events end by time, and which of its rows are durable when it is killed. */
interface Life {
  readonly lines: readonly Line[];
  readonly isSlow: boolean;
  readonly durable: readonly boolean[];
}

const line: fc.Arbitrary<Line> = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  begins: fc.boolean(),
  pieces: fc.integer({ min: 1, max: 3 }),
});
const lives: fc.Arbitrary<Life[]> = fc.array(
  fc.record({
    lines: fc.array(line, { maxLength: 8 }),
    isSlow: fc.boolean(),
    durable: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe('joined lines over crashes', () => {
  const dir = useTempDir();

  it('come once and in the order of their stream, whatever was durable', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        const rig = new TailRig(dir);
        rmSync(rig.path('.'), { recursive: true, force: true });
        rmSync(rig.positionFile, { force: true });
        rig.checkpoint = new TestCheckpoint();
        rig.put('a', '');
        const written = { stdout: [] as string[], stderr: [] as string[] };
        const sent: { text: string; stream: 'stdout' | 'stderr'; offset: number }[] = [];
        let number = 0;
        for (const [n, life] of [...all, undefined].entries()) {
          const isLast = life === undefined;
          const out = new FakeOutput();
          out.settle = false;
          await rig.start(
            'a',
            {
              lineFormat: 'docker',
              byteOffsetHeader: 'true',
              'multiline.start': '^#',
              'multiline.timeout': life?.isSlow === false ? '60000' : '15',
            },
            out,
          );
          for (const { stream, begins, pieces } of life?.lines ?? []) {
            const text = `${begins ? '#' : ''}${n}.${number++}${'.piece'.repeat(pieces)}`;
            written[stream].push(text);
            const size = Math.ceil(text.length / pieces);
            for (let at = 0; at < text.length; at += size) {
              const end = at + size >= text.length ? '\n' : '';
              rig.append('a', `${JSON.stringify({ log: text.slice(at, at + size) + end, stream, time: 't' })}\n`);
            }
          }
          let row = 0;
          const missing = (): boolean => {
            const there = [...sent, ...out.emitted.flatMap((_, i) => rowsOf(out, i))].flatMap(({ text }) =>
              text.split('\n'),
            );
            return there.length < written.stdout.length + written.stderr.length;
          };
          if (life?.isSlow !== false) await waitFor(() => !missing(), { what: 'all lines' });
          // What is held brings nothing that could be awaited.
          else await new Promise((resolve) => setTimeout(resolve, 20));
          for (const [i, { leg }] of out.emitted.entries()) {
            const rows = rowsOf(out, i).filter(() => isLast || life.durable[row++ % life.durable.length]);
            leg.settleRows(Uint32Array.from(rows, (one) => one.row));
            sent.push(...rows);
          }
          await rig.crash();
        }
        sent.sort((a, b) => a.offset - b.offset);
        for (const stream of ['stdout', 'stderr'] as const) {
          const got = sent.filter((event) => event.stream === stream).flatMap(({ text }) => text.split('\n'));
          assert.deepEqual(got, written[stream]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** The rows of a batch that were not durable before. */
function rowsOf(
  out: FakeOutput,
  index: number,
): { text: string; stream: 'stdout' | 'stderr'; offset: number; row: number }[] {
  const { batch } = out.emitted[index];
  const done = new Set(out.options[index]?.settled?.get('c'));
  const rows = Array.from({ length: batch.length }, (_, row) => row).filter((row) => !done.has(row));
  return rows.map((row) => ({
    text: batch.bodyOf(row).toString(),
    stream: batch.header('stream')?.value(row) === 'stderr' ? 'stderr' : 'stdout',
    offset: batch.header('byteoffset')?.number(row) ?? -1,
    row,
  }));
}
