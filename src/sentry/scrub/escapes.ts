import type { Ranges } from './ranges.ts';

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** What the inside of a JSON string stands for. What is no escape stands for itself. */
export function unescapeJson(raw: string): string {
  let slash = raw.indexOf('\\');
  if (slash < 0) return raw;
  let out = '';
  let from = 0;
  while (slash >= 0) {
    out += raw.slice(from, slash);
    const width = escapeWidth(raw, slash);
    const c = raw[slash + 1] ?? '';
    out += width === 6 ? String.fromCharCode(Number.parseInt(raw.slice(slash + 2, slash + 6), 16)) : (SHORT[c] ?? c);
    from = slash + width;
    slash = raw.indexOf('\\', from);
  }
  return out + raw.slice(from);
}

/**
 * Adds ranges of an unescaped text, in order, to those of the text in which it stands escaped.
 * @param raw what was unescaped
 * @param start where it begins in the outer text
 */
export function addEscaped(raw: string, found: Ranges, outer: Ranges, start: number): void {
  const { size, starts, ends, texts } = found;
  let at = 0;
  let plain = 0;
  const walkTo = (target: number): number => {
    while (plain < target && at < raw.length) {
      at += raw.charCodeAt(at) === 0x5c ? escapeWidth(raw, at) : 1;
      plain++;
    }
    return start + at;
  };
  for (let i = 0; i < size; i++) {
    const from = walkTo(starts[i]!);
    outer.add(from, walkTo(ends[i]!), texts[i]!.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  }
}

/** How many characters the escape takes that begins at `slash`. */
function escapeWidth(raw: string, slash: number): number {
  if (raw.charCodeAt(slash + 1) !== 0x75) return slash + 1 < raw.length ? 2 : 1;
  for (let i = slash + 2; i < slash + 6; i++) {
    const c = raw.charCodeAt(i) | 0x20;
    if (!((c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66))) return 2;
  }
  return 6;
}
