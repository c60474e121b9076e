import { loadCases } from './case.ts';
import { means, notYet } from './lists.ts';
import { playCase } from './play.ts';

// node test/compat/run.ts [--flume] [--keep] [--log] [--jobs N] PATTERN…   plays cases (`hdfs/roll-count`, `hdfs/*`) and shows what differs.
// With --flume the real Flume plays them, which proves the comparison itself.

const args = process.argv.slice(2);
const flag = (name: string) => args.includes(name) && args.splice(args.indexOf(name), 1).length > 0;
const flume = flag('--flume');
const keep = flag('--keep');
const log = flag('--log');
const jobs = args.includes('--jobs') ? Number(args.splice(args.indexOf('--jobs'), 2)[1]) : 3;
const chosen = loadCases().filter((testCase) => args.length === 0 || args.some((arg) => means(arg, testCase.id)));
let passed = 0;
const failed: string[] = [];
const queue = [...chosen];
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let testCase = queue.shift(); testCase; testCase = queue.shift()) {
      const started = performance.now();
      let problems: string[];
      let text = '';
      try {
        const result = await playCase(testCase, { keep, player: flume ? 'flume' : 'sluice' });
        problems = result.problems;
        text = `${keep ? `\n  folder ${result.observed.dir}` : ''}${log ? `\n${result.observed.log}` : ''}`;
      } catch (error) {
        problems = [String(error instanceof Error ? error.stack : error)];
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const listed = notYet(testCase)?.reason;
      if (problems.length === 0) passed++;
      else if (!listed) failed.push(testCase.id);
      const details = problems.map((problem) => `\n  - ${problem}`).join('');
      const verdict = problems.length === 0 ? 'pass' : listed ? 'listed' : 'FAIL';
      console.log(`${verdict} ${testCase.id} ${seconds} s${verdict === 'listed' ? ` (${listed})` : details}${text}`);
    }
  }),
);
console.log(`${passed} of ${chosen.length} passed${failed.length > 0 ? `; failed: ${failed.join(' ')}` : ''}`);
if (keep) {
  console.log('folders are kept until this is interrupted');
  await new Promise(() => setInterval(() => {}, 60_000));
}
process.exitCode = failed.length > 0 ? 1 : 0;
