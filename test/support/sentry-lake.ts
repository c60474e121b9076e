import { createHash } from 'node:crypto';
import type { SentryRow } from '../../src/sentry/columns.ts';

/**
 * A small lake of Sentry's data with what breaks tables and counts in it. The questions of `conf/hive`, `conf/spark` and `conf/pig` have answers that were worked out by hand and
 * stand in
 * `sentry-lake-answers.ts`. Projects: 41 odd texts, 42 ten thousand events of which a hundred are errors, 43 sessions and the life of issues, 44 causes.
 */

/** Days of the lake. `before` is not in the period that is asked about. */
export type Days = { readonly before: string; readonly first: string; readonly second: string };

/** The three days before `now`, so that no event is so old that it counts as of today. */
export function daysBefore(now: number): Days {
  const day = (back: number) => new Date(now - back * 86_400_000).toISOString().slice(0, 10);
  return { before: day(3), first: day(2), second: day(1) };
}

/** What is sent, as the row that is to come of it; of events besides by what they are grouped. Their type and value are those of an exception. */
export type Sent = SentryRow & { readonly fingerprint?: string };

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The issue of events with this fingerprint. */
export const issueOf = (fingerprint: string): string => `v1-${md5(fingerprint)}`;

const ODD_VALUE =
  'a,b;c\nnext "line"\r\n\ttab \\n back\\slash \\N \u0001 \u2028 日本語 🚀 <b>&amp;</b>\n,,\'single\', {"json": 1}';

function event(id: string, project: string, at: string, more: Sent = {}): Sent {
  return {
    event_id: md5(id),
    project_id: project,
    timestamp: at,
    platform: 'python',
    level: 'error',
    message: `Broken: ${more.fingerprint}`,
    item_type: 'event',
    ...more,
  };
}

function transaction(id: string, project: string, at: string, more: Sent = {}): Sent {
  return {
    event_id: md5(id),
    project_id: project,
    timestamp: at,
    platform: 'python',
    transaction: 'GET /',
    item_type: 'transaction',
    ...more,
  };
}

function span(id: string, project: string, at: string, isSegment: boolean): Sent {
  return {
    project_id: project,
    timestamp: at,
    trace_id: md5(`trace ${id}`),
    span_id: md5(`span ${id}`).slice(0, 16),
    is_segment: String(isSegment),
    item_type: 'span',
  };
}

const two = (number: number): string => String(number).padStart(2, '0');

/** 100 errors, 300 warnings, 600 topmost spans and 9,000 transactions, a thousand an hour; besides, spans that are not topmost, and repeats. */
function tenThousand({ first }: Days): Sent[] {
  const rows: Sent[] = [];
  for (let i = 0; i < 10_000; i++) {
    const second = (i % 1000) * 3;
    const at = `${first} ${two(Math.floor(i / 1000))}:${two(Math.floor(second / 60))}:${two(second % 60)}.000001`;
    const release = i < 5000 ? 'app@1.0.0' : 'app@2.0.0';
    const id = `bulk ${i}`;
    const kind = i % 100;
    if (kind === 0) rows.push(event(id, '42', at, { fingerprint: 'bulk', release, user_id: `u${i % 300}` }));
    else if (kind < 4) rows.push(event(id, '42', at, { fingerprint: 'warned', release, level: 'warning' }));
    else if (kind < 10) rows.push({ ...span(id, '42', at, true), release });
    else rows.push(transaction(id, '42', at, { release, sample_rate: '0.5' }));
  }
  for (let i = 0; i < 50; i++) rows.push(span(`inner ${i}`, '42', `${first} 01:00:00.000000`, false));
  // Five errors, four transactions and three topmost spans again, as clients send them that saw no answer.
  const again = [0, 100, 200, 300, 400, 10, 11, 12, 13, 4, 5, 6].map((i) => rows[i]!);
  return [...rows, ...again];
}

/** Six events, of which three are errors, and one transaction; a log, an attachment and a check-in, which are none. */
function odd({ first, second }: Days): Sent[] {
  const last = `${first} 23:59:59.999999`;
  const worst = event('odd 1', '41', last, {
    fingerprint: 'odd',
    message: undefined,
    type: 'Value,Error',
    value: ODD_VALUE,
    release: 'shop@1.0,rc1',
    environment: 'prod "eu"',
    user_id: 'ü,1',
    tags: JSON.stringify({ browser: 'Fire\nfox', 'key, with comma': 'v\u2028\u0001' }),
  });
  const other = (type: string): Sent => ({
    event_id: md5(`odd ${type}`),
    project_id: '41',
    timestamp: last,
    message: 'a,\nb',
    level: 'error',
    item_type: type,
  });
  return [
    worst,
    worst,
    // Ids are unique in a project and for an item type only.
    event('bulk 0', '41', last, { fingerprint: 'odd', level: 'fatal' }),
    transaction('odd 1', '41', last),
    event('odd 2', '41', `${second} 00:00:00.000000`, { fingerprint: 'odd' }),
    event('odd 3', '41', `${second} 00:00:00.000001`, { fingerprint: 'noted', level: 'warning', user_id: '' }),
    event('odd 4', '41', `${second} 12:00:00.500000`, { fingerprint: 'noted', level: 'info' }),
    event('odd 5', '41', `${second} 12:00:01.500000`, { fingerprint: 'noted', level: 'debug' }),
    other('log'),
    other('attachment'),
    other('check_in'),
  ];
}

function session(id: string, at: string, status: string, more: Sent = {}): Sent {
  return {
    project_id: '43',
    timestamp: at,
    item_type: 'session',
    session_id: id,
    started: at,
    status,
    release: 'app@1.0.0',
    ...more,
  };
}

function sessions({ first }: Days): Sent[] {
  const at = `${first} 10:00:00.000000`;
  const later = `${first} 10:05:00.000000`;
  const sids = [1, 2, 3, 4, 5].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  const [healthy, crashed, errored, abnormal, begunEarlier] = sids as [string, string, string, string, string];
  const bucket = (status: string, quantity: string, user?: string): Sent => {
    const row = session('', at, status, { item_type: 'sessions', quantity });
    return { ...row, session_id: undefined, user_id: user };
  };
  return [
    session(healthy, at, 'ok', { init: 'true', user_id: 'a' }),
    session(healthy, later, 'exited', { init: 'false', user_id: 'a', started: at }),
    session(crashed, later, 'crashed', { init: 'false', user_id: 'a', errors: '1', started: at }),
    session(crashed, at, 'ok', { init: 'true', user_id: 'a' }),
    session(crashed, later, 'crashed', { init: 'false', user_id: 'a', errors: '1', started: at }),
    session(errored, at, 'exited', { init: 'true', user_id: 'b', errors: '1' }),
    session(abnormal, at, 'abnormal', { init: 'true', user_id: 'c' }),
    session(begunEarlier, later, 'crashed', { init: 'false', user_id: 'e', errors: '1' }),
    bucket('exited', '80'),
    bucket('errored', '5'),
    bucket('abnormal', '1'),
    bucket('unhandled', '2'),
    bucket('crashed', '2'),
    bucket('exited', '1', 'd'),
    {
      project_id: '43',
      timestamp: at,
      item_type: 'client_report',
      outcome: 'client_discard',
      reason: 'sample_rate',
      category: 'transaction',
      quantity: '30',
    },
    {
      project_id: '43',
      timestamp: later,
      item_type: 'client_report',
      outcome: 'client_discard',
      reason: 'sample_rate',
      category: 'transaction',
      quantity: '20',
    },
  ];
}

function hook(project: string, issue: string, firstSeen: string, action: string, at: string): Sent {
  const status = action === 'resolved' ? 'resolved' : action === 'archived' ? 'ignored' : 'unresolved';
  return {
    project_id: project,
    timestamp: `${at}.000000`,
    item_type: 'issue',
    issue_id: issue,
    action,
    status,
    at: `${at}.000000`,
    first_seen: `${firstSeen}.000000`,
    actor_type: 'user',
  };
}

/** Ten repairs of ten hours in all, among what is none; as hooks come: not in their order, and some twice. */
function lives({ first, second }: Days): Sent[] {
  const rows: Sent[] = [];
  const issue = (project: string, id: string, firstSeen: string, ...changes: [string, string][]) => {
    for (const [action, at] of changes) rows.push(hook(project, id, firstSeen, action, at));
  };
  const on = (day: string) => (time: string) => `${day} ${time}`;
  const [one, two] = [on(first), on(second)];
  // 1 h and 0.5 h
  issue(
    '43',
    '9001',
    one('00:00:00'),
    ['resolved', one('02:30:00')],
    ['resolved', one('01:00:00')],
    ['unresolved', one('02:00:00')],
    ['created', one('00:00:05')],
    ['resolved', one('01:00:00')],
  );
  // 2 h; the second resolve ends nothing
  issue('43', '9002', one('03:00:00'), ['resolved', one('06:00:00')], ['resolved', one('05:00:00')]);
  issue('43', '9003', one('04:00:00'), ['created', one('04:00:00')], ['archived', one('05:00:00')]);
  issue('43', '9004', one('04:00:00'), ['created', one('04:00:00')], ['assigned', one('04:30:00')]);
  // 2.5 h over midnight
  issue('43', '9005', one('22:00:00'), ['resolved', two('00:30:00')], ['assigned', one('23:00:00')]);
  // 0.25 h, 0.75 h and 1 h; unresolved twice in a row counts from the first
  issue(
    '43',
    '9006',
    two('01:00:00'),
    ['unresolved', two('03:10:00')],
    ['resolved', two('04:00:00')],
    ['unresolved', two('03:00:00')],
    ['resolved', two('02:45:00')],
    ['unresolved', two('02:00:00')],
    ['resolved', two('01:15:00')],
  );
  // 1 h, 0.75 h, 0.25 h and open again
  issue('43', '9007', two('05:00:00'), ['resolved', two('06:00:00')]);
  issue('41', '9008', two('06:00:00'), ['created', two('06:00:01')], ['resolved', two('06:45:00')]);
  issue('41', '9009', two('07:00:00'), ['unresolved', two('10:00:00')], ['resolved', two('07:15:00')]);
  return rows;
}

/** Issue `checkout` of 8 events against `search` of 16: release 2.0.0 and Safari are what it is about. `search` is older than the period. */
function causes({ before, first, second }: Days): Sent[] {
  const rows = [
    event('search old', '44', `${before} 09:00:00.000000`, { fingerprint: 'search', release: 'web@0.9.0' }),
  ];
  const add = (n: number, fingerprint: string, release: string, environment: string, browser: string) => {
    const at = `${fingerprint === 'checkout' ? second : first} 09:00:${two(n)}.000000`;
    const user = `${fingerprint} ${n % 4}`;
    const transaction = fingerprint === 'checkout' ? 'pay in shop.cart' : 'find in shop.search';
    const tags = JSON.stringify({ browser, environment });
    const more = { fingerprint, release, environment, tags, transaction, user_id: user };
    rows.push(event(`${fingerprint} ${n}`, '44', at, more));
  };
  for (let n = 0; n < 8; n++) {
    const inNew = n < 6;
    add(n, 'checkout', inNew ? 'web@2.0.0' : 'web@1.0.0', 'production', inNew ? 'Safari' : 'Chrome');
  }
  for (let n = 0; n < 16; n++) {
    const browser = n < 2 ? 'Safari' : 'Chrome';
    add(n, 'search', n < 4 ? 'web@2.0.0' : 'web@1.0.0', n < 8 ? 'production' : 'staging', browser);
  }
  return rows;
}

/** Everything that is sent, in this order. */
export function lakeRows(days: Days): Sent[] {
  return [...odd(days), ...tenThousand(days), ...sessions(days), ...lives(days), ...causes(days)];
}
