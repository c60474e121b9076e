import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, expectedFile, readJsonLines } from './case.ts';
import { compareEvents, type ExpectedEvent } from './compare-events.ts';
import { compareFiles, type ExpectedFile } from './compare-files.ts';
import { sameMetrics } from './compare-metrics.ts';
import { compareNames } from './compare-names.ts';
import { compareResponses } from './compare-responses.ts';
import { compareWire, expectedRecordings } from './compare-wire.ts';
import type { Difference } from './lists.ts';
import { type Observed, type Response, sinkEvents } from './observed.ts';
import { unfill } from './placeholders.ts';
import { withoutInodes } from './steps.ts';

/** A field of a case that a difference on purpose can leave out. */
export type Aspect = 'events' | 'responses' | 'files' | 'listings' | 'metrics' | 'kept' | 'wire' | 'log' | 'outcome';

/** Everything in which a run differs from what was recorded; empty when the case passes. */
export function judge(testCase: Case, observed: Observed, difference: Difference | undefined): string[] {
  const problems: string[] = [];
  const ignored = new Set<Aspect>(difference?.ignore ?? []);
  const add = (aspect: Aspect, found: string[]) => {
    if (!ignored.has(aspect)) problems.push(...found.map((problem) => `${aspect}: ${problem}`));
  };
  add('outcome', outcome(testCase, observed, difference));
  for (const sink of ['k', 'k1', 'k2', 'k3']) {
    const file = expectedFile(testCase, `events.${sink}.jsonl`);
    if (file) add('events', events(testCase, observed, sink, readJsonLines<ExpectedEvent>(file), difference));
  }
  const responses = expectedFile(testCase, 'responses.jsonl');
  if (responses) {
    add('responses', compareResponses(observed.responses, readJsonLines<Response>(responses), observed.values));
  }
  const files = expectedFile(testCase, 'files.json');
  if (files) {
    const wanted = JSON.parse(readFileSync(files, 'utf8')) as ExpectedFile[];
    const sources = { caseDir: testCase.dir, filesDir: join(files, '..', 'files') };
    add('files', compareFiles(observed.dir, wanted, sources, observed.values));
  }
  for (const [i, { as, names }] of observed.listings.entries()) {
    const file = expectedFile(testCase, as);
    // Of several listings under one name the last one was kept.
    const last = observed.listings.findLastIndex((listing) => listing.as === as) === i;
    if (file && last) add('listings', compareNames(names, JSON.parse(readFileSync(file, 'utf8')) as string[]));
  }
  for (const [as, text] of observed.kept) {
    const file = expectedFile(testCase, as);
    if (!file) continue;
    const wanted = readFileSync(file, 'utf8');
    if (as === 'metrics.json') add('metrics', sameMetrics(text, wanted));
    else if (withoutInodes(text) !== withoutInodes(wanted)) add('kept', [`${as} is ${text}, not ${wanted}`]);
  }
  add('wire', compareWire(observed.recordings, expectedRecordings(testCase), observed.head));
  add('log', log(testCase, observed, difference));
  // A step that waited in vain explains what is missing; alone it is no difference.
  if (problems.length > 0) problems.push(...observed.problems.map((problem) => `note: ${problem}`));
  return problems;
}

function events(
  testCase: Case,
  observed: Observed,
  sink: string,
  expected: ExpectedEvent[],
  difference: Difference | undefined,
): string[] {
  let actual = sinkEvents(observed.dir, sink);
  // How many there are depends on how long the recording ran.
  if (testCase.notes?.includes('at least') || difference?.atLeast) actual = actual.slice(0, expected.length);
  const anyOrder = testCase.order !== undefined || /^(k1|k2|k3)$/.test(sink);
  return compareEvents(actual, expected, observed.values, { anyOrder, dynamic: testCase.dynamic }).map(
    (problem) => `sink ${sink}: ${problem}`,
  );
}

function outcome(testCase: Case, observed: Observed, difference: Difference | undefined): string[] {
  const problems: string[] = [];
  const alive = difference?.alive ?? testCase.outcome.alive_before_stop;
  const recorded = testCase.outcome.exit === -9 ? 137 : testCase.outcome.exit;
  const exit = difference?.exit ?? recorded;
  if (observed.aliveBeforeStop !== alive) problems.push(`${alive ? 'ended by itself' : 'still ran before the stop'}`);
  if (observed.exit !== exit) problems.push(`exit status ${observed.exit}, not ${exit}`);
  if (problems.length > 0) problems[0] += `; its log ends:\n${observed.log.slice(-1200)}`;
  return problems;
}

function log(testCase: Case, observed: Observed, difference: Difference | undefined): string[] {
  const text = unfill(observed.log, observed.values.names);
  const problems = (difference?.log ?? [])
    .filter((pattern) => !new RegExp(pattern).test(text))
    .map((pattern) => `no line matches /${pattern}/; the log ends:\n${text.slice(-1200)}`);
  if (testCase.group === 'logger' && !difference?.log) {
    const wanted = readFileSync(expectedFile(testCase, 'log.txt') ?? '', 'utf8');
    for (const line of wanted.split('\n')) {
      const event = /Event: \{.*/.exec(line)?.[0];
      if (event && !text.includes(event)) problems.push(`no line holds ${event}`);
    }
  }
  return problems;
}
