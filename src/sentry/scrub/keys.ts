import type { ScrubOptions } from './index.ts';

/** What a key says of its value, as bits. */
export const KEY = {
  /** The value is replaced. */
  sensitive: 1,
  /** … unless it is a number: `total_tokens`. */
  count: 2,
  /** Sensitive among cookies. */
  cookie: 4,
  /** The value is left alone, whatever it holds. */
  safe: 8,
  /** Left alone at the top of an event. */
  safeAtTop: 16,
  /** Left alone in a frame. */
  safeInFrame: 32,
  /** Holds an IP address. */
  ip: 64,
  /** The value holds cookies. */
  cookies: 128,
  /** The value holds frames. */
  frames: 256,
  /** The value holds attributes: `{name: {value, type}}`. */
  attributes: 512,
  /** The value may be a list of names and values in turn. */
  headers: 1024,
  /** The value is source code. */
  source: 2048,
  /** The value is an id, a hash, a time or a version: no card numbers or addresses are looked for. */
  id: 4096,
  /** The value is a path of the application, not of the disk. */
  route: 8192,
  /** The value is the name of the member `value` beside it. */
  name: 16384,
  value: 32768,
} as const;

/**
 * Relay's words, and those of DSNs. `author` and `authority` are spared, which Relay does not do. `otp` is a word of its own only: else it is
 * found in `footprint`. `PublicKeyToken` is a part of every name of a .NET assembly.
 */
const WORDS = [
  'passw(?:or)?d',
  'passphrase',
  'secret',
  'api[-_. ]?key',
  'auth(?!or(?!i[sz]))',
  'credential',
  'mysql_pwd',
  'private[-_. ]?key',
  '(?<!publickey)token',
  'two[-_. ]?factor',
  'sentry_key',
];
const OTP = /(?<![a-z])otps?(?![a-z])|(?<![A-Za-z])otp(?=[A-Z])|Otp(?![a-z])|(?<![A-Za-z])OTPS?(?![A-Za-z])/;
const COUNT = /tokens(?:[._-]?(?:count|limit|used|total))?$|token[._-]?count$/;

/** Names of cookies that carry a session or guard one: those of Relay, and what contains these words. */
const COOKIE = /sess|csrf|xsrf|jwt|^(?:su|sudo|symfony|sid|connect\.sid)$/;

/** What is known of names in lower case besides. */
const KNOWN: Readonly<Record<string, number>> = {
  debug_meta: KEY.safeAtTop,
  // Names and versions of packages: Relay does not look for secrets there, either.
  modules: KEY.safeAtTop,
  fingerprint: KEY.safeAtTop,
  filename: KEY.safeInFrame,
  abs_path: KEY.safeInFrame,
  'user-agent': KEY.safe,
  user_agent: KEY.safe,
  http_user_agent: KEY.safe,
  'user_agent.original': KEY.safe,
  ip_address: KEY.ip,
  remote_addr: KEY.ip,
  client_ip: KEY.ip,
  'user.ip': KEY.ip,
  'client.address': KEY.ip,
  cookie: KEY.cookies,
  cookies: KEY.cookies,
  'set-cookie': KEY.cookies,
  http_cookie: KEY.cookies,
  frames: KEY.frames,
  attributes: KEY.attributes,
  headers: KEY.headers,
  rawheaders: KEY.headers,
  raw_headers: KEY.headers,
  context_line: KEY.source,
  pre_context: KEY.source,
  post_context: KEY.source,
  transaction: KEY.route,
  culprit: KEY.route,
  url: KEY.route,
  key: KEY.name,
  name: KEY.name,
  value: KEY.value,
};
for (const id of [
  'event_id trace_id span_id parent_span_id parent_id segment_id replay_id profile_id profiler_id transaction_id check_in_id sid',
  'debug_id build_id code_id image_addr instruction_addr symbol_addr',
  'hash hashes checksum timestamp start_timestamp end_timestamp started received sent_at release dist version build raw_description',
].flatMap((line) => line.split(' '))) {
  Object.assign(KNOWN, { [id]: KEY.id });
}

/** So many keys are remembered, of so many characters: those of an application are few. */
const MOST_KEYS = 4096;
const LONGEST_KEY = 64;
const NOT_ASCII = /[^\0-\x7f]/;

/** Judges keys by the words of Relay and of the user. */
export class KeyRules {
  readonly #words: RegExp;
  readonly #safe: ReadonlySet<string>;
  readonly #seen = new Map<string, number>();

  constructor({ keys, safeKeys }: ScrubOptions) {
    this.#words = new RegExp([...WORDS, ...keys.map(literal)].join('|'));
    this.#safe = new Set(safeKeys.map(plain));
  }

  /**
   * Bits of `KEY`.
   * @param key as `latin1` of its UTF-8 bytes, without escapes
   */
  of(key: string): number {
    // A lookup of a key seen before costs 25 ns, the regular expressions ten times that.
    const seen = this.#seen.get(key);
    if (seen !== undefined) return seen;
    const bits = this.#judge(NOT_ASCII.test(key) ? fromLatin1(key) : key);
    if (key.length <= LONGEST_KEY) {
      if (this.#seen.size >= MOST_KEYS) this.#seen.clear();
      this.#seen.set(key, bits);
    }
    return bits;
  }

  #judge(spelt: string): number {
    const key = plain(spelt);
    if (this.#safe.has(key)) return KEY.safe;
    let bits = Object.hasOwn(KNOWN, key) ? KNOWN[key]! : 0;
    if (this.#words.test(key) || OTP.test(spelt)) {
      bits |= KEY.sensitive;
      if (COUNT.test(key)) bits |= KEY.count;
    }
    if (COOKIE.test(key)) bits |= KEY.cookie;
    if (key.startsWith('http.request.header.cookie')) bits |= key.length === 26 || COOKIE.test(key) ? KEY.sensitive : 0;
    if (key.endsWith('.headers.cookie')) bits |= KEY.cookies;
    return bits;
  }
}

/** In lower case, and full-width letters and the like as plain ones. */
function plain(key: string): string {
  return (NOT_ASCII.test(key) ? key.normalize('NFKC') : key).trim().toLowerCase();
}

/** A word of the user's as a regular expression for plain keys. */
function literal(word: string): string {
  return plain(word).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function fromLatin1(key: string): string {
  // Of an escape a character may have come that is no byte: then it is text already.
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 0xff) return key;
  return Buffer.from(key, 'latin1').toString();
}
