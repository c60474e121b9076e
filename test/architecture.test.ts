import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = new URL('..', import.meta.url).pathname;
const SRC = join(ROOT, 'src');

/** From the ground up: a folder may import itself and the floors below it, but for what `ALSO` and `ONLY` say. */
const FLOORS: Readonly<Record<string, number>> = {
  errors: 1,
  event: 1,
  options: 1,
  component: 2,
  monitoring: 3,
  codecs: 3,
  formats: 3,
  serializers: 3,
  filesystems: 3,
  rpc: 3,
  sentry: 3,
  tail: 3,
  sources: 4,
  channels: 4,
  sinks: 4,
  interceptors: 4,
  selectors: 4,
  processors: 4,
  registry: 5,
  config: 5,
  agent: 5,
  verify: 5,
  report: 5,
  explain: 5,
  'command-line': 5,
  main: 6,
};
/** On the same floor, downwards. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  event: ['errors'],
  options: ['errors', 'event'],
  formats: ['codecs'],
  serializers: ['sentry'],
  verify: ['agent'],
};
/** Of the floors below, no more than these: the registry is handed in as a value. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  config: ['errors', 'event', 'options', 'component', 'monitoring'],
  agent: ['errors', 'event', 'options', 'component', 'monitoring'],
};
const COMPONENT_FLOOR = 4;
const MAX_LINES = 400;

function filesBelow(folder: string, end: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(end) && !path.includes('node_modules'))
    .map((path) => join(folder, path))
    .sort();
}

/** The first part of a path in src, without `.ts`: `sinks`, `errors`, `main`. */
function folderOf(path: string): string {
  return path.split('/', 1)[0]!.replace(/\.ts$/, '');
}

/** The component that a file belongs to: `sinks/hdfs`. */
function componentOf(path: string): string {
  return path.split('/').slice(0, 2).join('/').replace(/\.ts$/, '');
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g),
  ];
  const named = found.map((match) => match[1] ?? match[2]!);
  const urls = [...text.matchAll(/new URL\(\s*['"](\.[^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g)].map(
    (match) => match[1]!,
  );
  return [...named, ...urls];
}

/** Why one file of src must not import another, or `undefined`. */
function objection(from: string, to: string): string | undefined {
  const here = folderOf(from);
  const there = folderOf(to);
  const floor = FLOORS[here];
  const below = FLOORS[there];
  if (floor === undefined) return `src/${here} stands on no floor`;
  if (below === undefined) return `src/${there} stands on no floor`;
  if (here === there) {
    if (floor === COMPONENT_FLOOR && componentOf(from) !== componentOf(to)) return 'a sibling component';
    return undefined;
  }
  if (ALSO[here]?.includes(there)) return undefined;
  if (below >= floor) return `floor ${below} from floor ${floor}`;
  if (ONLY[here] !== undefined && !ONLY[here].includes(there)) return `${here} is handed the registry as a value`;
  return undefined;
}

describe('architecture', () => {
  const sources = filesBelow(SRC, '.ts');

  it('imports downwards only', () => {
    assert.ok(importsOf(join(SRC, 'main.ts')).includes('./registry.ts'), 'imports are found');
    const wrong: string[] = [];
    for (const file of sources) {
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const from = relative(SRC, file);
        const to = relative(SRC, join(dirname(file), specifier));
        const reason = to.startsWith('..') ? (/\.json$/.test(to) ? undefined : 'outside of src') : objection(from, to);
        if (reason !== undefined) wrong.push(`src/${from} imports src/${to}: ${reason}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('knows an import that is not allowed when it sees one', () => {
    assert.equal(objection('sinks/avro.ts', 'rpc/client.ts'), undefined);
    assert.equal(objection('sinks/hdfs/index.ts', 'sinks/hdfs/path.ts'), undefined);
    assert.match(objection('sinks/hdfs/index.ts', 'sinks/avro.ts')!, /sibling/);
    assert.match(objection('sinks/avro.ts', 'sources/avro.ts')!, /floor 4 from floor 4/);
    assert.match(objection('event/event-batch.ts', 'component/sink.ts')!, /floor 2 from floor 1/);
    assert.match(objection('config/plan.ts', 'registry.ts')!, /floor 5 from floor 5/);
    assert.match(objection('agent/agent.ts', 'sinks/avro.ts')!, /handed the registry/);
    assert.match(objection('codecs/gzip.ts', 'formats/data_stream.ts')!, /floor 3 from floor 3/);
    assert.match(objection('elsewhere/x.ts', 'errors.ts')!, /no floor/);
  });

  it('reads argv and env and exits in main.ts alone', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const path = relative(SRC, file);
      if (path === 'main.ts') continue;
      const code = withoutComments(readFileSync(file, 'utf8'));
      for (const [what] of code.matchAll(
        /\bprocess\.(?:argv|env|exit|exitCode|abort)\b|\bprocess\.kill\(process\.pid/g,
      ))
        wrong.push(`src/${path}: ${what}`);
      const taken = /import\s*\{([^}]*)\}\s*from\s*['"]node:process['"]/.exec(code)?.[1] ?? '';
      for (const [what] of taken.matchAll(/\b(?:argv|env|exit|exitCode|abort)\b/g))
        wrong.push(`src/${path}: ${what} of node:process`);
    }
    assert.deepEqual(wrong, []);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const long = sources
      .map((file) => ({ file: relative(ROOT, file), lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ file, lines }) => `${file}: ${lines} lines`);
    assert.deepEqual(long, []);
  });

  it('names files of components as their types, others in kebab-case', () => {
    const wrong = sources
      .map((file) => relative(SRC, file))
      .filter((path) => path.split('/').some((part) => !/^[a-z0-9]+([-_][a-z0-9]+)*(\.ts)?$/.test(part)));
    assert.deepEqual(wrong, []);
  });

  it('exports by name only', () => {
    const wrong = sources.filter((file) => /^export default\b/m.test(readFileSync(file, 'utf8')));
    assert.deepEqual(
      wrong.map((file) => relative(ROOT, file)),
      [],
    );
  });

  it('has each test in a file that the runner finds, and none that is alone or left out', () => {
    const wrong: string[] = [];
    for (const file of filesBelow(join(ROOT, 'test'), '.ts')) {
      const text = withoutComments(readFileSync(file, 'utf8'));
      const path = relative(ROOT, file);
      if (
        /^\s*describe\(/m.test(text) &&
        !path.endsWith('.test.ts') &&
        !/export function \w*[sS]uite|contract/i.test(text)
      ) {
        wrong.push(`${path} has tests but no name that is run`);
      }
      if (/\b(?:describe|it|context)\.(?:only|skip)\(/.test(text)) wrong.push(`${path} has an .only or .skip`);
    }
    for (const file of filesBelow(SRC, '.test.ts')) wrong.push(`${relative(ROOT, file)} lies in src`);
    assert.deepEqual(wrong, []);
  });
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}
