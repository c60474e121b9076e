import { type Fields, framesOf, interfaceOf, listOf, textOf } from '../payload.ts';
import { LIMITS, trim } from './trim.ts';

/** The oldest frames of a stack trace beyond these go, as with Relay. */
const MOST_FRAMES = 250;
/** The text holds so many characters, counted from the crash; what is farther from it goes. */
const MOST_CHARACTERS = 128 * 1024;
const LEFT_OUT = '...';

/** Where the crash stands in the text. */
export type Crash = 'last' | 'first';

/**
 * The exceptions with their frames as text, causes included. Where none has frames, those of the thread that matters stand for those of the one
 * that was raised.
 *
 * With the crash last it reads as Python prints it: causes first, and of each exception its frames, then type and text. With the crash first it reads as Java prints it:
 * type and text, the frames from the crash outward, then what caused it.
 */
export function stacktraceText(payload: Fields, exceptions: readonly Fields[], crash: Crash): string | undefined {
  const lines = new Lines(crash);
  const bare = exceptions.every((exception) => framesOf(exception['stacktrace']).length === 0);
  // The last was raised last, so it is the one to keep when there is too much.
  for (let i = exceptions.length - 1; i >= 0 && !lines.full; i--) {
    const exception = exceptions[i];
    const isCause = i < exceptions.length - 1;
    if (isCause) lines.between();
    lines.add(crash === 'first' && isCause ? `Caused by: ${exceptionText(exception)}` : exceptionText(exception));
    addFrames(lines, bare && !isCause ? threadFrames(payload) : framesOf(exception['stacktrace']));
  }
  if (exceptions.length === 0) addFrames(lines, threadFrames(payload));
  return lines.text();
}

/** Type and text of an exception, as far as it has them. */
export function exceptionText(exception: Fields): string {
  const type = textOf(exception['type']);
  const value = valueText(exception['value']);
  if (type === undefined) return trim(value ?? 'Error', LIMITS.text);
  return trim(value === undefined ? type : `${type}: ${value}`.trimEnd(), LIMITS.text);
}

/** The text of an exception, which clients may send as any JSON. */
export function valueText(value: unknown): string | undefined {
  return textOf(value) ?? (typeof value === 'object' && value !== null ? safeJson(value) : undefined);
}

function safeJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Of the thread that crashed, else the current one, else the only one; old clients have one stack for the event. */
function threadFrames(payload: Fields): readonly Fields[] {
  const own = framesOf(interfaceOf(payload, 'stacktrace', 'sentry.interfaces.Stacktrace'));
  if (own.length > 0) return own;
  const threads = listOf(payload['threads']);
  const thread =
    threads.find((t) => t['crashed'] === true) ??
    threads.find((t) => t['current'] === true) ??
    (threads.length === 1 ? threads[0] : undefined);
  return framesOf(thread?.['stacktrace']);
}

function addFrames(lines: Lines, frames: readonly Fields[]): void {
  const oldest = Math.max(0, frames.length - MOST_FRAMES);
  for (let i = frames.length - 1; i >= oldest && !lines.full; i--) lines.add(frameText(frames[i]));
  if (oldest > 0) lines.add(`  ${LEFT_OUT} ${oldest} older frames`);
}

/** `  File "x", line n, in f`, with the line of the source below it where it is known. */
export function frameText(frame: Fields): string {
  const module = textOf(frame['module']);
  const file = textOf(frame['filename']) ?? textOf(frame['abs_path']) ?? module ?? textOf(frame['package']);
  const named = textOf(frame['function']);
  // A bare file name such as Java's says little without its module.
  const called =
    named !== undefined && module !== undefined && file !== undefined && file !== module && !/[\\/]/.test(file)
      ? `${module}.${named}`
      : named;
  let text = `  File "${trim(file ?? '?', LIMITS.host)}"`;
  const line = textOf(frame['lineno']);
  if (line !== undefined) text += `, line ${trim(line, LIMITS.label)}`;
  const place = called ?? textOf(frame['instruction_addr']);
  if (place !== undefined) text += `, in ${trim(place, LIMITS.host)}`;
  const source = textOf(frame['context_line'])?.trim();
  return source === undefined || source === '' ? text : `${text}\n    ${trim(source, LIMITS.host)}`;
}

/** Lines from the crash outward, bounded; turned round in the end where the crash stands last. */
class Lines {
  readonly #crash: Crash;
  readonly #lines: string[] = [];
  #left = MOST_CHARACTERS;

  constructor(crash: Crash) {
    this.#crash = crash;
  }

  get full(): boolean {
    return this.#left < 0;
  }

  add(line: string): void {
    if (this.full) return;
    this.#left -= line.length + 1;
    this.#lines.push(this.full ? LEFT_OUT : line);
  }

  /** Between two exceptions: a blank line where the causes stand above. */
  between(): void {
    if (this.#crash === 'last') this.add('');
  }

  text(): string | undefined {
    if (this.#lines.length === 0) return undefined;
    return (this.#crash === 'last' ? this.#lines.reverse() : this.#lines).join('\n');
  }
}
