import { writeSync } from 'node:fs';
import { rowsOf } from '../../support/batches.ts';
import { never, open, put } from './support.ts';

/*
 * A process that puts numbered lines and takes them, and says so, until it is killed: `child.ts <folder> <first line>`. "durable" are lines that were committed before a
 * put began that has resolved.
 */
const [dir, first] = process.argv.slice(2);
const { channel } = await open(dir!, { checkpointInterval: '20', maxFileSize: '20000' });

function say(what: string, from: number, to: number): void {
  writeSync(1, `${what} ${from} ${to}\n`);
}

async function takeAll(committed: [number, number][]): Promise<void> {
  for (;;) {
    const delivery = await channel.take(7, never);
    const lines = rowsOf(delivery!.batch).map(({ body }) => Number(body));
    for (const line of lines) say('committed', line, line + 1);
    delivery!.commit();
    for (const line of lines) committed.push([line, line + 1]);
  }
}

const committed: [number, number][] = [];
takeAll(committed);
for (let line = Number(first); ; ) {
  const from = line;
  line += 1 + (line % 9);
  const before = committed.splice(0);
  say('put', from, line);
  await put(
    channel,
    Array.from({ length: line - from }, (_, i) => `${from + i}`),
  );
  say('confirmed', from, line);
  for (const [a, b] of before) say('durable', a, b);
}
