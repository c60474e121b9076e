import { Assignments } from './assignments.ts';
import type { ScrubOptions } from './index.ts';
import { KEY, type KeyRules } from './keys.ts';
import { composed, Ranges, replaced } from './ranges.ts';
import { MAY, Triggers } from './triggers.ts';
import { addValues } from './values.ts';
import { WordScan } from './word-scan.ts';

const MOST_ROUNDS = 6;

/** Finds secrets in texts: those known by their look, and those that stand behind their name. */
export class Texts {
  /** Whether IP addresses are taken out. */
  readonly addresses: boolean;
  readonly #triggers: Triggers;
  readonly #assignments: Assignments;

  constructor(options: ScrubOptions, rules: KeyRules) {
    const words = new WordScan(options.keys);
    this.addresses = options.ipAddresses;
    this.#triggers = new Triggers(words, options.ipAddresses);
    this.#assignments = new Assignments(rules, words);
  }

  /**
   * Where in a JSON text something may be found, in order. Words count only where they may be a name with a value.
   * @param may bits of `MAY`
   */
  spots(text: string, may: number): number[] {
    const spots: number[] = [];
    this.#triggers.spots(text, may, spots);
    const ordered = spots.length === 0;
    if (may & MAY.word) this.#assignments.spots(text, spots);
    return ordered ? spots : spots.sort((a, b) => a - b);
  }

  /** Bits of `MAY`. @param bytes of which `text` is the `latin1` text */
  may(text: string, bytes?: Buffer): number {
    return this.#triggers.of(text, bytes);
  }

  /**
   * What is found in `text`, in order.
   * @param may bits of `MAY`
   * @param bits of `KEY`: what the text is
   */
  find(text: string, may: number, bits: number): Ranges {
    let found = this.#once(text, may, bits);
    // What is left of a text may look like a secret once its neighbour is replaced: seldom, but then a second scrubbing would do more than the first.
    for (let again = 1; found.size > 0 && again < MOST_ROUNDS; again++) {
      const outcome = replaced(text, found);
      const more = this.#once(outcome, this.may(outcome), bits);
      if (more.size === 0) break;
      found = composed(found, more);
    }
    return found;
  }

  #once(text: string, may: number, bits: number): Ranges {
    const found = new Ranges();
    let look = may;
    if (bits & KEY.id) look &= ~(MAY.card | MAY.iban | MAY.ssn | MAY.ip);
    if (bits & (KEY.route | KEY.source)) look &= ~MAY.home;
    if (look & ~(MAY.word | MAY.disguise)) addValues(text, look, found);
    if (look & MAY.word || bits & KEY.cookies) {
      this.#assignments.add(text, (bits & KEY.source) !== 0, (bits & KEY.cookies) !== 0, found);
    }
    return found.settled();
  }
}
