import { javaWords } from './words.ts';

/*
 * Which commands are plainly a `tail` that follows files, and what they ask for. Whatever is not understood to the last letter is no such
 * command: it is run.
 */

/** What a command asks for that is a `tail -f` or `tail -F` of files. */
export interface TailCommand {
  /** The files as they are written. */
  readonly files: readonly string[];
  readonly beginning: Beginning;
  /** Whether `tail` would print a line with its name before the lines of each file. */
  readonly hasTitles: boolean;
}

/** Where `tail` begins: so many lines or bytes before the end, or behind so many of them from the start. */
export interface Beginning {
  readonly unit: 'lines' | 'bytes';
  readonly from: 'start' | 'end';
  readonly count: number;
}

const PROGRAMS = ['tail', '/bin/tail', '/usr/bin/tail', '/usr/local/bin/tail'];
const SHELLS = /^(?:(?:\/usr)?\/bin\/)?(?:sh|bash|dash)$/;
const DEFAULT_COUNT = 10;
/** Files there are not for reading once more: terminals, sockets of bash, the kernel's tables. */
const NO_LOG = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** What `tail` makes of a number: `5`, `+5`, `-5`, `2K`, `1MB`. */
const COUNT = /^([+-]?)(\d+)(?:(b)|([kKmMG])(B|iB)?)?$/;
const SHORT_VALUE = 'ncs';
const LONG_VALUE: ReadonlyMap<string, string> = new Map([
  ['--lines', 'n'],
  ['--bytes', 'c'],
  ['--sleep-interval', 's'],
  ['--max-unchanged-stats', 's'],
]);
const LONG_FLAG: ReadonlyMap<string, string> = new Map([
  ['--follow', 'f'],
  ['--follow=name', 'f'],
  ['--follow=descriptor', 'f'],
  ['--retry', 'r'],
  ['--quiet', 'q'],
  ['--silent', 'q'],
]);

/**
 * Reads a command as the exec source runs it.
 *
 * @param command split at blanks, or handed to the shell
 * @param shell the option `shell`
 * @returns `undefined` for a command that is anything but a `tail` that follows files
 */
export function parseTail(command: string, shell: string | undefined): TailCommand | undefined {
  const words = shell === undefined ? plainWords(command) : shellWords(command, shell);
  if (words === undefined || !PROGRAMS.includes(words[0])) return undefined;
  const args = words.slice(1);
  const found = parseOldForm(args) ?? parseOptions(args);
  if (found === undefined || found.files.length === 0) return undefined;
  return found.files.some((file) => file === '-' || file === '' || NO_LOG.test(file)) ? undefined : found;
}

/** Without a shell quotes and patterns are a part of the name; whoever wrote them did not mean that: let `tail` say so. */
function plainWords(command: string): string[] | undefined {
  return /["'\\*?[\]{}$`|<>;&~]/.test(command) ? undefined : javaWords(command);
}

/** The words of a command that a shell would hand to one program as they are; `undefined` when it does more than that. */
function shellWords(command: string, shell: string): string[] | undefined {
  const [program, flag, ...more] = javaWords(shell);
  if (!SHELLS.test(program) || flag !== '-c' || more.length > 0) return undefined;
  // Blanks, or a word of safe letters, escaped ones, and quoted pieces in which nothing is replaced.
  const piece = /([ \t]+)|((?:[\p{L}\p{N}_@%+=:,./-]|\\[^\n]|'[^']*'|"(?:[^"\\$`]|\\.)*")+)/uy;
  const words: string[] = [];
  for (let match = piece.exec(command); match !== null; match = piece.exec(command)) {
    if (match[2] !== undefined) words.push(unquote(match[2]));
    if (piece.lastIndex === command.length) return words[0] === 'exec' ? words.slice(1) : words;
  }
  return undefined;
}

function unquote(word: string): string {
  return word.replace(
    /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/gsu,
    (_, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? (double ?? '').replace(/\\([\\"$`])/g, '$1'),
  );
}

/** `-5f FILE`, `-20cf FILE`: only as the first word, before a single file. */
function parseOldForm(args: readonly string[]): TailCommand | undefined {
  const [first, ...rest] = args;
  const [, digits, unit] = /^-(\d*)([lc]?)f$/.exec(first ?? '') ?? [];
  if (digits === undefined) return undefined;
  const files = rest[0] === '--' ? rest.slice(1) : rest;
  if (files.length !== 1 || (files === rest && files[0].length > 1 && files[0].startsWith('-'))) return undefined;
  const count = digits === '' ? DEFAULT_COUNT : Number(digits);
  if (!Number.isSafeInteger(count)) return undefined;
  return { files, beginning: { unit: unit === 'c' ? 'bytes' : 'lines', from: 'end', count }, hasTitles: false };
}

function parseOptions(args: readonly string[]): TailCommand | undefined {
  const files: string[] = [];
  const flags = new Set<string>();
  let beginning: Beginning = { unit: 'lines', from: 'end', count: DEFAULT_COUNT };
  // `+5` as the first word is a count to some versions of tail and a file to others.
  if (args[0]?.startsWith('+')) return undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === '--') {
      files.push(...args.slice(at + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      files.push(arg);
      continue;
    }
    const option = arg.startsWith('--') ? longOption(arg) : shortOptions(arg);
    if (option === undefined) return undefined;
    for (const flag of option.flags) flags.add(flag);
    if (option.wants === undefined) continue;
    const value = option.value ?? args[++at];
    if (value === undefined) return undefined;
    if (option.wants === 's') {
      if (!/^\d+(?:\.\d+)?$/.test(value)) return undefined;
      continue;
    }
    const next = parseCount(value, option.wants === 'c' ? 'bytes' : 'lines', beginning.from);
    if (next === undefined) return undefined;
    beginning = next;
  }
  if (!flags.has('f') && !flags.has('F')) return undefined;
  return { files, beginning, hasTitles: files.length > 1 && !flags.has('q') };
}

interface Found {
  readonly flags: string;
  /** The option that has a value: `n`, `c`, or `s` for one that changes nothing here. */
  readonly wants?: string;
  /** Its value, where it stands in the same word. */
  readonly value?: string;
}

function longOption(arg: string): Found | undefined {
  const flags = LONG_FLAG.get(arg);
  if (flags !== undefined) return { flags };
  const equals = arg.indexOf('=');
  const wants = LONG_VALUE.get(equals < 0 ? arg : arg.slice(0, equals));
  if (wants === undefined) return undefined;
  return { flags: '', wants, value: equals < 0 ? undefined : arg.slice(equals + 1) };
}

function shortOptions(arg: string): Found | undefined {
  const [, flags, wants, value] = new RegExp(`^-([fFq]*)(?:([${SHORT_VALUE}])(.*))?$`, 's').exec(arg) ?? [];
  if (flags === undefined) return undefined;
  return { flags, wants, value: value === '' ? undefined : value };
}

/** @param before a plus sign of an earlier option stays in force, as with GNU tail */
function parseCount(text: string, unit: Beginning['unit'], before: Beginning['from']): Beginning | undefined {
  const [, sign, digits, blocks, letter, kind] = COUNT.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const power = letter === undefined ? 0 : 'kmg'.indexOf(letter.toLowerCase()) + 1;
  const number = Number(digits) * (blocks === undefined ? (kind === 'B' ? 1000 : 1024) ** power : 512);
  if (!Number.isSafeInteger(number)) return undefined;
  const from = sign === '+' ? 'start' : before;
  // The first one is number 1: from there on nothing is left out.
  return { unit, from, count: from === 'start' ? Math.max(0, number - 1) : number };
}
