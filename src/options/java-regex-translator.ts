import { literal, PROPERTIES, predefined, range, unicodeProperty, withoutQuotes } from './java-regex-classes.ts';

/** A pattern that Java may take but that cannot be given to JavaScript, or that is none; the message says where and why. */
export class JavaRegexError extends Error {}

interface Translated {
  source: string;
  groups: number;
  names: Map<string, number>;
  hasHelpers: boolean;
}

/** The flags that may change inside a pattern: (?i), (?m), (?s), (?d), (?x), (?u). */
type Flags = Readonly<Record<'i' | 'm' | 's' | 'd' | 'x' | 'u', boolean>>;

const NO_FLAGS: Flags = { i: false, m: false, s: false, d: false, x: false, u: false };
const LINE_ENDS = '\\n\\r\\u0085\\u2028\\u2029';
const AT_START = '(?<![\\s\\S])';
const AT_END = '(?![\\s\\S])';
const LINE_BREAK = '(?:\\r\\n|[\\n\\x0B\\f\\r\\u0085\\u2028\\u2029])';

/** Translates one pattern; see `javaRegex`. */
export class Translator {
  readonly #pattern: string;
  /** Code points, so that a pair of surrogates is one character, as for Java. */
  readonly #chars: readonly string[];
  #at = 0;
  #groups = 0;
  #helpers = 0;
  readonly #names = new Map<string, number>();
  /** Groups get names when helper groups shift their numbers. */
  readonly #named: boolean;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#chars = Array.from(withoutQuotes(pattern));
    this.#named = /[*+?}]\+|\(\?>/.test(pattern);
  }

  run(): Translated {
    const source = this.#alternatives(NO_FLAGS);
    if (this.#at < this.#chars.length) throw this.#wrong('a ) without a (');
    return { source, groups: this.#groups, names: this.#names, hasHelpers: this.#named };
  }

  #wrong(what: string): JavaRegexError {
    return new JavaRegexError(`"${this.#pattern}": ${what}, at character ${this.#at + 1}`);
  }

  get #next(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#chars[this.#at + i] !== text[i]) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes all up to `end`, and that too. */
  #upTo(end: string, what: string): string {
    let text = '';
    while (!this.#take(end)) {
      if (this.#next === undefined) throw this.#wrong(`${what} without ${end}`);
      text += this.#chars[this.#at++];
    }
    return text;
  }

  /** Everything up to the end of the group or of the pattern. */
  #alternatives(flags: Flags): string {
    let out = '';
    let current = flags;
    for (;;) {
      const c = this.#next;
      if (c === undefined || c === ')') return out;
      if (c === '|') {
        this.#at++;
        out += '|';
        continue;
      }
      if (current.x && this.#skipComment()) continue;
      const changed = this.#flagChange(current);
      if (changed !== undefined) current = changed;
      else out += this.#quantified(this.#atom(current), current);
    }
  }

  #skipComment(): boolean {
    if (/\s/.test(this.#next ?? '')) {
      this.#at++;
      return true;
    }
    if (!this.#take('#')) return false;
    while (this.#at < this.#chars.length && !this.#take('\n')) this.#at++;
    return true;
  }

  /** `(?i)` and its kind: the flags from here on. */
  #flagChange(flags: Flags): Flags | undefined {
    const found = /^\(\?([a-zA-Z]*)(-[a-zA-Z]*)?\)/.exec(this.#chars.slice(this.#at, this.#at + 20).join(''));
    if (!found) return undefined;
    this.#at += 2;
    const changed = this.#flags(flags, found[1], found[2] ?? '');
    this.#at += found[0].length - 2;
    return changed;
  }

  #flags(flags: Flags, on: string, off: string): Flags {
    const changed: Record<string, boolean> = { ...flags };
    for (const flag of on + off.slice(1)) {
      if (!(flag in NO_FLAGS)) throw this.#wrong(`the flag ${flag} cannot be translated`);
      changed[flag] = !off.includes(flag);
    }
    return changed as Flags;
  }

  /** Adds what may follow an atom: * + ? {n,m}, each also lazy or possessive. */
  #quantified(atom: string, flags: Flags): string {
    let out = atom;
    for (;;) {
      while (flags.x && this.#skipComment());
      let quantifier: string;
      if (this.#next === '*' || this.#next === '+' || this.#next === '?') quantifier = this.#chars[this.#at++];
      else if (this.#next === '{') {
        this.#at++;
        quantifier = `{${this.#upTo('}', 'a quantifier')}}`;
        if (!/^\{\d+(,\d*)?\}$/.test(quantifier)) throw this.#wrong(`${quantifier} is no quantifier`);
      } else return out;
      if (out === '') throw this.#wrong(`nothing before ${quantifier}`);
      // Two quantifiers in a row, and one on an assertion, are Java's alone: a group makes them ours.
      if (out !== atom || /^\(\?<?[=!]/.test(atom) || /^[\^$]$/.test(atom)) out = `(?:${out})`;
      if (this.#take('+')) out = this.#atomic(out + quantifier);
      else out += quantifier + (this.#take('?') ? '?' : '');
    }
  }

  /** What a lookahead has caught is not given back. */
  #atomic(inner: string): string {
    const name = `p${++this.#helpers}`;
    return `(?:(?=(?<${name}>${inner}))\\k<${name}>)`;
  }

  #atom(flags: Flags): string {
    const c = this.#chars[this.#at++];
    switch (c) {
      case '(':
        return this.#group(flags);
      case '[':
        return this.#class(flags);
      case '\\':
        return this.#escape(flags);
      case '.':
        return flags.s ? '[\\s\\S]' : flags.d ? '[^\\n]' : `[^${LINE_ENDS}]`;
      case '^':
        if (!flags.m) return '^';
        return flags.d
          ? `(?:${AT_START}|(?<=\\n)(?=[\\s\\S]))`
          : `(?:${AT_START}|(?<=[${LINE_ENDS}])(?<!\\r(?=\\n))(?=[\\s\\S]))`;
      case '$':
        if (flags.d) return flags.m ? `(?=\\n|${AT_END})` : `(?=\\n?${AT_END})`;
        return flags.m ? `(?=[${LINE_ENDS}]|${AT_END})` : `(?=(?:\\r\\n|[${LINE_ENDS}])?${AT_END})`;
      case '*':
      case '+':
      case '?':
      case '{':
        this.#at--;
        return '';
      default:
        return literal(c, flags);
    }
  }

  #group(flags: Flags): string {
    let open = '(?:';
    let atomic = false;
    let inner = flags;
    if (!this.#take('?')) {
      open = this.#open(undefined);
    } else if (this.#take('>')) {
      atomic = true;
    } else if (this.#take(':')) {
      open = '(?:';
    } else if (this.#take('=') || this.#take('!')) {
      open = `(?${this.#chars[this.#at - 1]}`;
    } else if (this.#take('<=') || this.#take('<!')) {
      open = `(?<${this.#chars[this.#at - 1]}`;
    } else if (this.#take('<')) {
      open = this.#open(this.#upTo('>', 'the name of a group'));
    } else {
      const [on, off = ''] = this.#upTo(':', 'a group').split('-');
      inner = this.#flags(flags, on, off === '' ? '' : `-${off}`);
    }
    const content = this.#alternatives(inner);
    if (!this.#take(')')) throw this.#wrong('a ( without a )');
    return atomic ? this.#atomic(content) : `${open}${content})`;
  }

  #open(name: string | undefined): string {
    const number = ++this.#groups;
    if (name !== undefined) {
      if (!/^[a-zA-Z][a-zA-Z0-9]*$/.test(name)) throw this.#wrong(`"${name}" is no name of a group`);
      if (this.#names.has(name)) throw this.#wrong(`the group ${name} twice`);
      this.#names.set(name, number);
    }
    return this.#named ? `(?<g${number}>` : '(';
  }

  #backReference(number: number, flags: Flags): string {
    if (flags.i) throw this.#wrong('a back reference under (?i) cannot be translated');
    if (number > this.#groups) throw this.#wrong(`there is no group ${number} before this place`);
    return this.#named ? `\\k<g${number}>` : `(?:\\${number})`;
  }

  #escape(flags: Flags): string {
    const c = this.#next;
    if (c === undefined) throw this.#wrong('a \\ at the end');
    if (/[1-9]/.test(c)) {
      let number = Number(this.#chars[this.#at++]);
      while (/\d/.test(this.#next ?? '') && number * 10 + Number(this.#next) <= this.#groups)
        number = number * 10 + Number(this.#chars[this.#at++]);
      return this.#backReference(number, flags);
    }
    this.#at++;
    switch (c) {
      case 'b':
      case 'B':
        if (this.#next === '{') throw this.#wrong('\\b{…} cannot be translated');
        return `\\${c}`;
      case 'A':
        return AT_START;
      case 'z':
        return AT_END;
      case 'Z':
        return `(?=(?:\\r\\n|[${LINE_ENDS}])?${AT_END})`;
      case 'R':
        return LINE_BREAK;
      case 'k': {
        if (!this.#take('<')) throw this.#wrong('\\k without <name>');
        const name = this.#upTo('>', 'the name of a group');
        const number = this.#names.get(name);
        if (number === undefined) throw this.#wrong(`there is no group ${name} before this place`);
        return this.#backReference(number, flags);
      }
      default: {
        this.#at--;
        const set = this.#set(flags);
        return set ?? literal(this.#character(), flags);
      }
    }
  }

  /** \d, \p{Alpha} and their kind, behind the backslash; as something that may stand in a class too. */
  #set(flags: Flags): string | undefined {
    const c = this.#next ?? '';
    const simple = predefined(c);
    if (simple !== undefined) {
      this.#at++;
      return simple;
    }
    if (c !== 'p' && c !== 'P') return undefined;
    this.#at++;
    const name = this.#take('{') ? this.#upTo('}', 'a property') : this.#chars[this.#at++];
    if (name === undefined) throw this.#wrong('\\p without a name');
    const ascii = PROPERTIES[flags.i && /^(Lower|Upper)$/.test(name) ? 'Alpha' : name];
    if (ascii !== undefined) return c === 'p' ? `[${ascii}]` : `[^${ascii}]`;
    const property = unicodeProperty(name);
    if (property === undefined) throw this.#wrong(`\\${c}{${name}} cannot be translated`);
    return `\\${c}{${property}}`;
  }

  /** One character, behind the backslash. */
  #character(): string {
    const c = this.#chars[this.#at++];
    const hex = (digits: string): string => {
      if (!/^[0-9a-fA-F]+$/.test(digits)) throw this.#wrong('hexadecimal digits expected');
      return String.fromCodePoint(Number.parseInt(digits, 16));
    };
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'a':
        return '\x07';
      case 'e':
        return '\x1b';
      case 'x':
        return this.#take('{') ? hex(this.#upTo('}', '\\x{')) : hex(this.#digits(2));
      case 'u':
        return hex(this.#digits(4));
      case 'c':
        return String.fromCharCode((this.#chars[this.#at++] ?? '@').charCodeAt(0) ^ 0x40);
      case '0': {
        const octal = /^(?:[0-3][0-7]{2}|[0-7]{1,2})/.exec(this.#chars.slice(this.#at, this.#at + 3).join(''))?.[0];
        if (octal === undefined) throw this.#wrong('octal digits expected behind \\0');
        this.#at += octal.length;
        return String.fromCharCode(Number.parseInt(octal, 8));
      }
      default:
        if (/[a-zA-Z0-9]/.test(c)) throw this.#wrong(`\\${c} cannot be translated`);
        return c;
    }
  }

  #digits(count: number): string {
    this.#at += count;
    return this.#chars.slice(this.#at - count, this.#at).join('');
  }

  /** A class, behind its `[`: unions, nested classes and intersections are JavaScript's too under the flag v. */
  #class(flags: Flags): string {
    const negated = this.#take('^');
    const operands: string[] = [];
    let out = '';
    let first = true;
    for (;;) {
      const c = this.#next;
      if (c === undefined) throw this.#wrong('a [ without a ]');
      if (c === ']' && !first) break;
      first = false;
      if (this.#take('&&')) {
        operands.push(out);
        out = '';
      } else if (this.#take('[')) {
        out += this.#class(flags);
      } else if (flags.x && /\s/.test(c)) {
        this.#at++;
      } else {
        out += this.#classItem(flags);
      }
    }
    this.#at++;
    if (operands.length > 0) {
      operands.push(out);
      // An empty side of && takes no part, as for Java.
      out = operands
        .filter((operand) => operand !== '')
        .map((operand) => `[${operand}]`)
        .join('&&');
    }
    return `[${negated ? '^' : ''}${out}]`;
  }

  /** A character, a range or a set in a class. */
  #classItem(flags: Flags): string {
    let from = this.#chars[this.#at++];
    if (from === '\\') {
      const set = this.#set(flags);
      if (set !== undefined) return set;
      from = this.#character();
    }
    const after = this.#chars[this.#at + 1];
    if (this.#next !== '-' || after === undefined || after === ']' || after === '[') return range(from, from, flags);
    this.#at++;
    let to = this.#chars[this.#at++];
    if (to === '\\') to = this.#character();
    if ((to.codePointAt(0) ?? 0) < (from.codePointAt(0) ?? 0)) throw this.#wrong(`the range ${from}-${to} is empty`);
    return range(from, to, flags);
  }
}
