import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The recorded cases of this checkout. */
export const CASES = fileURLToPath(new URL('../fixtures/flume', import.meta.url));

/** One step of a case, as `test/fixtures/flume/README.md` describes them; the key says which. */
export type Step =
  | { file: string; input: string; mtime?: number }
  | { append: string; input: string }
  | { mkdir: string }
  | { rename: [string, string] }
  | { truncate: string }
  | { start: string }
  | { tcp: string; send: string[]; first?: number; reply?: boolean; shutdown?: boolean }
  | { udp: string; send: string[]; first?: number }
  | { http: string; send: string[]; first?: number; path?: string; headers?: Record<string, string>; method?: string }
  | { raw: string; connection: string; send: string[] }
  | { avro_client: string[]; stdin?: string }
  | { record: string; to: string; head?: number }
  | { freeze: boolean }
  | { events: Record<string, number>; timeout?: number }
  | { files: string; count: number }
  | { ls: string; as: string }
  | { keep: string; as: string }
  | { get: string; as: string }
  | { http_get: string; path: string; method?: string }
  | { log: string; count?: number }
  | { sleep: number }
  | { signal: 'SIGTERM' | 'SIGKILL' }
  | { keystore: string; truststore: string; type?: string };

type Spec = {
  about: string;
  agent: string;
  tz: string;
  clock?: string;
  input?: string;
  env?: Record<string, string>;
  jvm?: string[];
  args?: string[];
  steps: Step[];
  notes?: string;
  order?: string;
  dynamic?: Record<string, string>;
  outcome: { alive_before_stop: boolean; exit: number };
};

/** A recorded case: what was done to a real Flume, and where what it did is kept. */
export type Case = Spec & {
  /** `group/name` */
  id: string;
  group: string;
  /** Folder of the case. */
  dir: string;
  /** Folder of its inputs. */
  inputDir: string;
  /** Its configuration. */
  conf: string;
};

/** Every recorded case that one agent plays (the stories of several agents are not among them), in order of group and name. */
export function loadCases(root = CASES): Case[] {
  const cases: Case[] = [];
  for (const group of readdirSync(root).sort()) {
    if (group.includes('.')) continue;
    for (const name of readdirSync(join(root, group)).sort()) {
      const dir = join(root, group, name);
      const file = join(dir, 'case.json');
      if (!existsSync(file)) continue;
      const spec = JSON.parse(readFileSync(file, 'utf8')) as Spec;
      const inputDir = join(dir, spec.input ?? 'input');
      cases.push({ ...spec, id: `${group}/${name}`, group, dir, inputDir, conf: join(dir, 'flume.conf') });
    }
  }
  return cases;
}

/** A file of the case's expectations: the one kept for Sluice when it differs on purpose, else Flume's; `undefined` when there is none. */
export function expectedFile(testCase: Case, name: string): string | undefined {
  const own = join(fileURLToPath(new URL('expected', import.meta.url)), testCase.id, name);
  if (existsSync(own)) return own;
  const flume = join(testCase.dir, 'expected', name);
  return existsSync(flume) ? flume : undefined;
}

/** The lines of a `.jsonl` file. */
export function readJsonLines<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
