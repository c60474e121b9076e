import { closeSync, existsSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../scripts/peers/maven.ts';

/** Lines to be measured with. */
export interface BenchData {
  readonly name: string;
  readonly file: string;
  readonly lines: number;
  readonly bytes: number;
}

const LEVELS = ['debug', 'info', 'warning', 'error', 'fatal'];

/** A line of 320 bytes as Sentry's machine log format writes them; the number makes each one different. */
function sentryLine(i: number): string {
  const head = `{"name":"sentry.web.api","level":"${LEVELS[i % 5]}","event":"api.access","timestamp":"2026-11-23T10:20:30.${String(i % 1_000_000).padStart(6, '0')}Z","method":"POST","view":"project-event-details","response":${200 + (i % 4) * 100},"user_id":"${i % 9973}","path":"/api/0/projects/acme/shop/events/${String(i).padStart(10, '0')}/","pad":"`;
  return `${head}${'x'.repeat(319 - head.length - 2)}"}\n`;
}

/** A line of 20 bytes. */
function shortLine(i: number): string {
  return `${String(i).padStart(12, '0')} short\n`.padStart(20, '-');
}

/** Makes the file once and keeps it between runs. */
function make(name: string, lines: number, line: (i: number) => string): BenchData {
  const dir = join(cacheDir(), 'bench');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${name}-${lines}.log`);
  const bytes = lines * Buffer.byteLength(line(0));
  if (!existsSync(file) || statSync(file).size !== bytes) {
    const fd = openSync(file, 'w');
    for (let i = 0; i < lines; i += 10_000) {
      let text = '';
      for (let j = i; j < Math.min(i + 10_000, lines); j++) text += line(j);
      writeSync(fd, text);
    }
    closeSync(fd);
  }
  return { name, file, lines, bytes };
}

/** Sentry's JSON lines of 320 bytes. */
export function sentryLines(lines: number): BenchData {
  return make('sentry-320', lines, sentryLine);
}

/** Lines of 20 bytes. */
export function shortLines(lines: number): BenchData {
  return make('short-20', lines, shortLine);
}
