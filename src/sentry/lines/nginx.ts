import { type LogLine, type OpenRow, Pairs } from './log-row.ts';
import { parseAccessTime } from './time.ts';

/* nginx's access log: the format `combined`, and behind it `"$http_x_forwarded_for"`. Quotes and control bytes stand as \xHH. */

const QUOTED = '"([^"\\\\]*(?:\\\\.[^"\\\\]*)*)"';
const LINE = new RegExp(
  `^(\\S{1,100}) - ([^\\[\\n]{1,500}) \\[([^\\]\\n]{20,40})\\] ${QUOTED} (\\d{3}) (\\d+|-)(?: ${QUOTED} ${QUOTED})?(?: ${QUOTED})?`,
);
const REQUEST = /^([A-Z]{1,20}) ([^ ?]*)(\?[^ ]*)?(?: (HTTP\/[\d.]+))?$/;
const PROJECT = /^\/api\/([1-9]\d{0,19})\//;
const AGENT_SDK = /^((?:sentry|raven)[\w.-]*)\/([\w.+-]+)/;
const CLIENT = /[?&]sentry_client=([^&]*)/;
const ESCAPES = /(?:\\x[0-9A-Fa-f]{2})+/g;

export function readNginx(text: string): LogLine | undefined {
  const match = LINE.exec(text);
  if (match === null) return undefined;
  const [, address, user, at, request, status, bytes, referer, agent, forwarded] = match;
  const time = parseAccessTime(at!);
  if (Number.isNaN(time)) return undefined;
  const message = unescapeHex(request!);
  const row: OpenRow = {};
  const lineEnd = text.indexOf('\n', match[0].length);
  // What something else printed before the next line.
  const said = lineEnd < 0 ? message : message + text.slice(lineEnd).trimEnd();
  if (said !== '') row.message = said;
  const pairs = new Pairs(row);
  const [, method, path, query, protocol] = REQUEST.exec(message) ?? [];
  if (method !== undefined && path !== undefined) {
    row.project_id = PROJECT.exec(path)?.[1];
    pairs.tag('method', method);
    pairs.tag('path', path);
  }
  pairs.tag('status', status!);
  if (bytes !== '-') pairs.tag('bytes', bytes!);
  if (protocol !== undefined) pairs.tag('protocol', protocol);
  pairs.tag('remote_addr', address!);
  const userAgent = given(agent);
  for (const [name, value] of [
    ['remote_user', given(user)],
    ['forwarded_for', given(forwarded)],
    ['referer', given(referer)],
    ['user_agent', userAgent],
  ] as const) {
    if (value !== undefined) pairs.tag(name, value);
  }
  row.sdk = sdkOf(userAgent, query);
  pairs.close();
  return { time, row };
}

/** Name and version of an SDK: server SDKs say them in the user agent, those in browsers in the query. */
function sdkOf(agent: string | undefined, query: string | undefined): string | undefined {
  const named = agent === undefined ? null : AGENT_SDK.exec(agent);
  if (named !== null) return `${named[1]}/${named[2]}`;
  const client = query === undefined ? undefined : CLIENT.exec(query)?.[1];
  if (client === undefined || client === '') return undefined;
  try {
    return decodeURIComponent(client);
  } catch {
    return client;
  }
}

/** `-` and nothing stand for what was not there. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '-' || value === '' ? undefined : unescapeHex(value);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const CONTROL = /\p{Cc}/u;

/** Undoes \xHH where it stands for text; bytes that are none, such as those of TLS on a plain port, stay as they are written. */
function unescapeHex(text: string): string {
  if (!text.includes('\\x')) return text;
  return text.replace(ESCAPES, (run) => {
    try {
      const decoded = utf8.decode(Buffer.from(run.replaceAll('\\x', ''), 'hex'));
      return CONTROL.test(decoded) ? run : decoded;
    } catch {
      return run;
    }
  });
}
