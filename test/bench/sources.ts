/**
 * `node test/bench/sources.ts [MB]`: what the file and command sources bring by themselves, into an output that takes everything at once.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Declaration } from '../../src/component/declaration.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { execSource } from '../../src/sources/exec/index.ts';
import { taildirSource } from '../../src/sources/taildir/index.ts';
import { SourceRun } from '../sources/harness.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';

const megabytes = Number(process.argv[2] ?? 640);
const dir = makeTempDir();

/** Writes about so many MB of lines of this length; gives the exact size. It stays in the page cache. */
function writeLines(file: string, length: number, megabytes: number): number {
  const block = Buffer.from(`${'x'.repeat(length - 1)}\n`.repeat(Math.floor(1e6 / length)));
  const fd = openSync(file, 'w');
  for (let i = 0; i < megabytes; i++) writeSync(fd, block);
  closeSync(fd);
  return block.length * megabytes;
}

async function measure(
  name: string,
  declaration: Declaration<'source'>,
  options: Record<string, string>,
  size: number,
): Promise<void> {
  const run = new SourceRun(declaration, options, { stateDir: dir });
  let rows = 0;
  let bytes = 0;
  let batches = 0;
  const all = Promise.withResolvers<void>();
  run.out.emit = async (batch: EventBatch) => {
    rows += batch.length;
    bytes += batch.body.length;
    batches++;
    const receipt = new Receipt(batch.length);
    const leg = receipt.leg('c');
    receipt.seal();
    leg.settle(0, batch.length);
    if (bytes >= size) all.resolve();
    return receipt;
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run.start();
  await all.promise;
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  await run.stop();
  const figures = [
    `${(rows / 1e6 / seconds).toFixed(2)} M lines/s`,
    `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
    `${((used.user + used.system) / 1e6).toFixed(2)} CPU s`,
    `${batches} batches`,
  ];
  console.log(`${name.padEnd(24)} ${figures.map((figure) => figure.padStart(18)).join('')}`);
}

for (const length of [320, 20]) {
  const file = join(dir, `lines-${length}`);
  const size = writeLines(file, length, megabytes);
  const positionFile = join(dir, `positions-${length}.json`);
  await measure(
    `taildir, ${length} bytes`,
    taildirSource,
    { filegroups: 'f', 'filegroups.f': file, positionFile },
    size,
  );
  await measure(`exec cat, ${length} bytes`, execSource, { command: `cat ${file}` }, size);
  rmSync(file);
}
removeTempDir(dir);
