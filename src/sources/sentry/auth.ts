import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../../rpc/http/refusal.ts';
import { textOf } from '../../sentry/payload.ts';
import { parseTime } from '../../sentry/time.ts';
import { projectNumber } from './endpoints.ts';

/** Who sends: what a request says of itself, unchecked. */
export interface Credentials {
  readonly key: string;
  /** Name and version of the SDK. */
  readonly client: string | undefined;
  /** When it was sent by the clock of the client, in ms since 1970, or NaN. */
  readonly sentAt: number;
}

/** The newest version of the protocol. */
const VERSION = 7;

const KEY = /^\w{1,128}$/;
const CLIENT = /^[\x21-\x7e]{1,128}$/;
const MOST_FIELDS = 16;

/**
 * Reads every way of authenticating but the envelope's own: `X-Sentry-Auth`, `Authorization: Sentry`, the query, and the user name of
 * `Authorization: Basic` when there is nothing else (it may be meant for a proxy). Several may be given when they agree.
 *
 * @param query what stands behind the `?`
 * @param basic whether Basic counts: with a tunnel it is what the browser tells its site
 * @returns `undefined` when there is no key
 * @throws Refusal 401 when they name several keys, 400 for a version that is not known
 */
export function credentialsOf(headers: IncomingHttpHeaders, query: string, basic = true): Credentials | undefined {
  const fields = new Map<string, string>();
  const own = headers['x-sentry-auth'];
  if (own !== undefined) addFields(fields, String(own));
  const { authorization } = headers;
  if (authorization !== undefined && /^sentry\s/i.test(authorization)) addFields(fields, authorization);
  if (query.includes('sentry_')) {
    for (const [name, value] of new URLSearchParams(query)) if (name.startsWith('sentry_')) add(fields, name, value);
  }
  if (basic && !fields.has('sentry_key') && authorization !== undefined) addBasic(fields, authorization);
  const version = Number(fields.get('sentry_version'));
  if (version > VERSION) throw new Refusal(400, `unsupported protocol version: ${VERSION} is the newest`);
  const key = fields.get('sentry_key');
  if (key === undefined) return undefined;
  if (!KEY.test(key)) throw new Refusal(401, 'bad sentry_key');
  const client = fields.get('sentry_client');
  return {
    key,
    client: client !== undefined && CLIENT.test(client) ? client : undefined,
    sentAt: parseTime(fields.get('sentry_timestamp')) / 1000,
  };
}

/** `Sentry sentry_key=…, sentry_version=7`: any order, with or without blanks; two such headers come joined by a comma. */
function addFields(fields: Map<string, string>, header: string): void {
  for (const pair of header.split(',', MOST_FIELDS)) {
    const at = pair.indexOf('=');
    if (at < 0) continue;
    const name = pair.slice(0, at).trim().toLowerCase();
    add(fields, name.replace(/^sentry\s+/, ''), pair.slice(at + 1).trim());
  }
}

function add(fields: Map<string, string>, name: string, value: string): void {
  const before = fields.get(name);
  if (name === 'sentry_key' && before !== undefined && before !== value) {
    throw new Refusal(401, 'several keys that differ: a request has one');
  }
  if (before === undefined && value !== '') fields.set(name, value);
}

function addBasic(fields: Map<string, string>, authorization: string): void {
  const encoded = /^basic\s+(\S+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return;
  const user = Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)[0]!;
  if (KEY.test(user)) fields.set('sentry_key', user);
}

/** What a DSN says. */
export interface Dsn {
  readonly key: string;
  readonly project: string;
}

/** Reads the `dsn` of an envelope's header: `https://key@host/prefix/42`; `undefined` for what is none. */
export function parseDsn(value: unknown): Dsn | undefined {
  const text = textOf(value);
  if (text === undefined || text.length > 2048 || !URL.canParse(text)) return undefined;
  const { username, pathname } = new URL(text);
  // SDKs for browsers take the digits that the last part begins with.
  const project = projectNumber(/\/(\d+)[^/]*\/?$/.exec(pathname)?.[1] ?? '');
  return KEY.test(username) && project !== undefined ? { key: username, project } : undefined;
}
