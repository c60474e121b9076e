import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/* Appends lines with the time in them to random files: `node many-files-writer.ts FOLDER FILES LINES_A_SECOND SECONDS`. */

const [dir = '', ...numbers] = process.argv.slice(2);
const [files = 1, perSecond = 1, seconds = 1] = numbers.map(Number);
const started = performance.now();
let written = 0;
const timer = setInterval(() => {
  const passed = performance.now() - started;
  if (passed > seconds * 1000) clearInterval(timer);
  for (; written < (passed / 1000) * perSecond; written++) {
    const time = Number(process.hrtime.bigint() / 1000n) / 1000;
    appendFileSync(join(dir, `app-${Math.floor(Math.random() * files)}.log`), `@${time}\n`);
  }
}, 2);
