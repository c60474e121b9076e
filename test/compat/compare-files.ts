import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AvroEvent, readAvroContainer, readAvroEvents } from './avro-container.ts';
import { compareNames } from './compare-names.ts';
import { codecOf } from './decompress.ts';
import { listFiles } from './observed.ts';
import { clockIn, expectedNames, unfill, type Values, withoutClock } from './placeholders.ts';
import { readSequenceFile } from './sequence-file.ts';

/** A line of `files.json`. */
export type ExpectedFile = { path: string; size?: number; sha256?: string; same_as?: string; kept_as?: 'text' };

/** Where the expected contents lie. */
export type FileSources = { caseDir: string; filesDir: string };

/** The expected content; `undefined` when the case has its hash alone. */
function expectedContent(file: ExpectedFile, sources: FileSources): Buffer | undefined {
  if (file.same_as !== undefined) return readFileSync(join(sources.caseDir, file.same_as));
  const copy = join(sources.filesDir, file.path);
  if (existsSync(copy)) return readFileSync(copy);
  if (file.size === 0) return Buffer.alloc(0);
  return undefined;
}

/** What differs between two contents, seen through containers, markers and compression; empty when nothing that counts does. */
export function compareContent(actual: Buffer, expected: Buffer, name: string): string[] {
  if (actual.equals(expected)) return [];
  const magic = expected.subarray(0, 3).toString('latin1');
  if (magic === 'SEQ') return compareSequenceFiles(actual, expected);
  if (magic === 'Obj') return compareAvro(actual, expected);
  const codec = codecOf(name) ?? (magic.startsWith('\x1f\x8b') ? codecOf('.gz') : undefined);
  if (!codec) return [firstDifference(actual, expected)];
  const got = codec(actual);
  const wanted = codec(expected);
  if (got.members.length !== wanted.members.length) {
    return [`${got.members.length} members, not ${wanted.members.length}`];
  }
  return wanted.members.flatMap((member, i) =>
    compareContent(got.members[i], member, '').map((problem) => `member ${i + 1}: ${problem}`),
  );
}

function compareSequenceFiles(actual: Buffer, expected: Buffer): string[] {
  const got = readSequenceFile(actual);
  const wanted = readSequenceFile(expected);
  const problems: string[] = [];
  for (const key of ['keyClass', 'valueClass', 'codec', 'metadata', 'parts'] as const) {
    const mine = JSON.stringify(got[key]);
    const flumes = JSON.stringify(wanted[key]);
    if (mine !== flumes) problems.push(`${key}: ${firstDifference(Buffer.from(mine), Buffer.from(flumes))}`);
  }
  return problems;
}

function canonical(events: readonly AvroEvent[]): string[] {
  return events.map(({ headers, body }) => `${JSON.stringify([...headers].sort())} ${body.toString('hex')}`);
}

function compareAvro(actual: Buffer, expected: Buffer): string[] {
  const got = readAvroContainer(actual);
  const wanted = readAvroContainer(expected);
  if (!got || !wanted) return ['not an Avro container'];
  const problems: string[] = [];
  const meta = (map: Map<string, string>) => JSON.stringify([...map].sort());
  if (meta(got.meta) !== meta(wanted.meta)) problems.push(`header ${meta(got.meta)}, not ${meta(wanted.meta)}`);
  const counts = (blocks: { count: number }[]) => blocks.map((block) => block.count).join(', ');
  if (counts(got.blocks) !== counts(wanted.blocks)) {
    problems.push(`blocks of ${counts(got.blocks)} records, not ${counts(wanted.blocks)}`);
  }
  const data = (blocks: { data: Buffer }[]) => Buffer.concat(blocks.map((block) => block.data));
  if (data(got.blocks).equals(data(wanted.blocks))) return problems;
  // Flume's own schema: the order of a map does not count.
  if (!wanted.meta.get('avro.schema')?.includes('"headers"')) return [...problems, 'other records'];
  const [mine, flumes] = [canonical(readAvroEvents(actual)), canonical(readAvroEvents(expected))];
  const at = flumes.findIndex((event, i) => event !== mine[i]);
  if (at >= 0 || mine.length !== flumes.length) problems.push(`record ${at + 1}: ${mine[at]}, not ${flumes[at]}`);
  return problems;
}

function firstDifference(actual: Buffer, expected: Buffer): string {
  let at = 0;
  while (at < actual.length && at < expected.length && actual[at] === expected[at]) at++;
  const around = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, at - 20), at + 60).toString('latin1'));
  return `differs from byte ${at} (lengths ${actual.length} and ${expected.length}): ${around(actual)}, not ${around(expected)}`;
}

/** A file that names a machine's path as the recording keeps it: a text with placeholders, an Avro container as JSON. */
function asKeptText(bytes: Buffer, dir: string): Buffer {
  const container = readAvroContainer(bytes);
  const shown = container && {
    avro_container: Object.fromEntries([...container.meta].sort()),
    blocks: container.blocks.map(({ count, data }) => ({ count, data_hex: data.toString('hex') })),
  };
  return Buffer.from(unfill(shown ? JSON.stringify(shown, null, 1) : bytes.toString(), { DIR: dir }));
}

/** What differs between the files of the collected folders and those recorded: names, the clock in them, and contents. */
export function compareFiles(
  dir: string,
  expected: readonly ExpectedFile[],
  sources: FileSources,
  values: Values,
): string[] {
  const roots = new Set(expected.length === 0 ? ['out'] : expected.map((file) => file.path.split('/')[0]));
  const actual = [...roots].flatMap((root) => listFiles(dir, root));
  const paths = expected.map((file) => file.path);
  const problems = compareNames(actual, paths);
  for (const path of actual) {
    const clock = clockIn(path);
    if (clock !== undefined && (clock < values.clock.from || clock > values.clock.to + 1000)) {
      problems.push(`${path}: the number is not from the agent's clock (${values.clock.from} to ${values.clock.to})`);
    }
  }
  const named = new Map([...withoutClock(actual)].map(([path, name]) => [name, path]));
  const wanted = expectedNames(paths);
  expected.forEach((file, i) => {
    const path = named.get(wanted[i]);
    if (path === undefined || path.endsWith('/')) return;
    const bytes = readFileSync(join(dir, path));
    try {
      const content = expectedContent(file, sources);
      if (!content) {
        if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) problems.push(`${path}: other content`);
        return;
      }
      const mine = file.kept_as === 'text' ? asKeptText(bytes, dir) : bytes;
      for (const problem of compareContent(mine, content, path)) problems.push(`${path}: ${problem}`);
    } catch (error) {
      problems.push(`${path}: ${(error as Error).message}`);
    }
  });
  return problems;
}
