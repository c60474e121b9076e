import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { taildirSource } from '../../src/sources/taildir/index.ts';
import { SourceRun } from '../sources/harness.ts';
import { waitFor } from '../support/wait-for.ts';

/*
 * Reads the files of `FOLDER/logs` with no more than twelve file descriptors left, and prints what came and what was said:
 * `node few-descriptors.ts FOLDER`.
 */

const dir = process.argv[2]!;
const run = new SourceRun(taildirSource, {
  filegroups: 'f',
  'filegroups.f': join(dir, 'logs/.*'),
  positionFile: join(dir, 'positions.json'),
});
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  for (const fd of held.splice(0, 12)) closeSync(fd);
}
await run.start();
await waitFor(() => run.out.rows >= 60, { what: 'all lines' }).catch(() => {});
for (const fd of held) closeSync(fd);
await run.stop();
const warnings = run.log.lines.filter((line) => line.startsWith('WARN') || line.startsWith('ERROR'));
process.stdout.write(JSON.stringify({ bodies: run.out.bodies(), warnings }));
process.exit();
