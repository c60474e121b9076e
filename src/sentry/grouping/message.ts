import type { Inputs } from './inputs.ts';
import { parameterise } from './parameterise/index.ts';

/** Longer texts are taken as they are. */
const LONGEST_MESSAGE = 8192;

const LINE_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** Adds a message: what does not change from event to event in its first two lines. */
export function addMessage(message: string, origin: string, inputs: Inputs): void {
  const lines = firstLines(message);
  const text = lines.length > LONGEST_MESSAGE ? lines : parameterise(lines);
  inputs.add(text, text === lines ? origin : `${origin}, parameterised`);
}

/** The first two lines that are not blank; with three dots when that is not all. */
function firstLines(message: string): string {
  LINE_BREAK.lastIndex = 0;
  const lines: string[] = [];
  let from = 0;
  while (lines.length < 2) {
    const end = LINE_BREAK.exec(message);
    const line = message.slice(from, end?.index);
    if (line.trim() !== '') lines.push(line);
    if (end === null) break;
    from = LINE_BREAK.lastIndex;
  }
  const kept = lines.join('\n');
  return kept === message ? kept : `${kept}...`;
}
