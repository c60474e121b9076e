import { reverse } from 'node:dns/promises';
import { isIP } from 'node:net';

/** A rule of `ipFilterRules`. */
interface Rule {
  readonly allow: boolean;
  readonly by: 'ip' | 'name';
  readonly pattern: RegExp;
  /** `name:localhost` means every address of this machine's loopback. */
  readonly localhost: boolean;
}

/** Who may connect: Flume's `ipFilterRules`, `allow|deny:ip|name:pattern`, separated by commas. The first rule that matches decides; none: allowed. */
export class IpFilter {
  readonly #rules: readonly Rule[];
  readonly #lookup: (address: string) => Promise<readonly string[]>;

  private constructor(rules: readonly Rule[], lookup: (address: string) => Promise<readonly string[]>) {
    this.#rules = rules;
    this.#lookup = lookup;
  }

  /** @returns the filter, or what is wrong with the text */
  static parse(text: string, lookup: (address: string) => Promise<readonly string[]> = reverse): IpFilter | string {
    const rules: Rule[] = [];
    for (const part of text.split(',')) {
      const match = /^(allow|deny):(ip|name):(.*)$/i.exec(part.trim());
      if (match === null) return `"${part.trim()}" is not <allow|deny>:<ip|name>:<pattern>`;
      const pattern = match[3]!;
      const source = pattern
        .split('')
        .map((char) => (char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.|+()[\]{}]/, '\\$&')))
        .join('');
      rules.push({
        allow: match[1]!.toLowerCase() === 'allow',
        by: match[2]!.toLowerCase() === 'ip' ? 'ip' : 'name',
        pattern: new RegExp(`^${source}$`),
        localhost: pattern === 'localhost',
      });
    }
    return new IpFilter(rules, lookup);
  }

  /** Whether a peer of this address may connect. Names are looked up only when a rule asks for them. */
  async allows(address: string): Promise<boolean> {
    const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    let names: readonly string[] | undefined;
    for (const rule of this.#rules) {
      if (rule.by === 'ip') {
        if (rule.pattern.test(plain)) return rule.allow;
        continue;
      }
      if (rule.localhost && (plain === '::1' || plain.startsWith('127.'))) return rule.allow;
      // Java takes the address itself for the name of a host that has none.
      names ??= await this.#lookup(plain).catch(() => [plain]);
      if (names.some((name) => rule.pattern.test(name))) return rule.allow;
    }
    return true;
  }
}
