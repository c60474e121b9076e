import { createHmac } from 'node:crypto';
import { daysBefore, lakeRows, type Sent } from './sentry-lake.ts';

/** Something to POST, and where. */
export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const KEY = '0123456789abcdef0123456789abcdef';
const ENTRIES = 100;

const iso = (time: string | undefined): string | undefined => time && `${time.replace(' ', 'T')}Z`;
const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true');

/** An envelope with one item, as an SDK sends it. */
function envelope(project: string, type: string, payload: unknown, more: { id?: string; trace?: object } = {}): Post {
  const head = JSON.stringify({ event_id: more.id, trace: more.trace });
  const container = { log: 'log', span: 'span.v2' }[type];
  const item = JSON.stringify({
    type,
    content_type: container && `application/vnd.sentry.items.${container}+json`,
    filename: type === 'attachment' ? 'a.txt' : undefined,
  });
  return {
    path: `/api/${project}/envelope/?sentry_key=${KEY}`,
    headers: { 'content-type': 'application/x-sentry-envelope' },
    body: `${head}\n${item}\n${JSON.stringify(payload)}`,
  };
}

function eventOf(row: Sent): Post {
  const { event_id, platform, level, release, environment, transaction, sample_rate } = row;
  const frame = { filename: 'a,b.py', function: 'f', lineno: 1, context_line: '\tx = {"a": 1,', in_app: true };
  const exception = row.type && { type: row.type, value: row.value, stacktrace: { frames: [frame] } };
  const timed = row.item_type === 'transaction';
  const payload = {
    ...{ event_id, platform, level, release, environment, transaction },
    type: timed ? 'transaction' : undefined,
    timestamp: iso(row.timestamp),
    start_timestamp: timed ? iso(row.timestamp) : undefined,
    message: row.message,
    exception: exception && { values: [exception] },
    user: row.user_id === undefined ? undefined : { id: row.user_id },
    tags: row.tags === undefined ? undefined : (JSON.parse(row.tags) as unknown),
    fingerprint: row.fingerprint === undefined ? undefined : [row.fingerprint],
  };
  const trace = sample_rate === undefined ? undefined : { sample_rate };
  return envelope(row.project_id!, row.item_type!, payload, { id: event_id, trace });
}

function spanOf(row: Sent): object {
  const { trace_id, span_id, release } = row;
  const seconds = Date.parse(iso(row.timestamp)!) / 1000;
  const attributes = release && { 'sentry.release': { value: release, type: 'string' } };
  const is_segment = flagOf(row.is_segment);
  return { trace_id, span_id, is_segment, name: 'GET /', start_timestamp: seconds, end_timestamp: seconds, attributes };
}

function sessionOf(row: Sent): Post {
  const { session_id: sid, user_id: did, status, release } = row;
  const errors = numberOf(row.errors) ?? 0;
  const times = { started: iso(row.started), timestamp: iso(row.timestamp) };
  return envelope(row.project_id!, 'session', {
    ...{ sid, did, status, errors, ...times },
    init: flagOf(row.init),
    attrs: { release },
  });
}

function otherOf(row: Sent): Post {
  const { project_id: project = '', item_type: type = '', event_id: id } = row;
  const timestamp = iso(row.timestamp);
  switch (type) {
    case 'session':
      return sessionOf(row);
    case 'sessions': {
      const bucket = { started: iso(row.started), did: row.user_id, [row.status!]: Number(row.quantity) };
      return envelope(project, type, { aggregates: [bucket], attrs: { release: row.release } });
    }
    case 'client_report': {
      const discarded = { reason: row.reason, category: row.category, quantity: Number(row.quantity) };
      return envelope(project, type, { timestamp, discarded_events: [discarded] });
    }
    case 'log':
      return envelope(project, type, { version: 2, items: [{ timestamp, level: row.level, body: row.message }] });
    default:
      return envelope(project, type, { timestamp, check_in_id: id, status: 'ok', message: row.message }, { id });
  }
}

/** The envelopes by which clients send all of the lake but the life of issues. */
export function envelopes(rows: readonly Sent[]): Post[] {
  const posts: Post[] = [];
  let spans: Sent[] = [];
  const flush = () => {
    if (spans.length > 0) posts.push(envelope(spans[0]!.project_id!, 'span', { version: 2, items: spans.map(spanOf) }));
    spans = [];
  };
  for (const row of rows) {
    if (row.item_type === 'span') {
      if (spans.push(row) === ENTRIES) flush();
    } else if (row.item_type === 'event' || row.item_type === 'transaction') posts.push(eventOf(row));
    else if (row.item_type !== 'issue') posts.push(otherOf(row));
  }
  flush();
  return posts;
}

/** The webhooks by which Sentry tells the life of issues, signed with this secret. */
export function webhooks(rows: readonly Sent[], secret: string): Post[] {
  return rows
    .filter((row) => row.item_type === 'issue')
    .map((row) => {
      const { issue_id: id, status, action, project_id } = row;
      const issue = { id, title: `Issue ${id}`, status, firstSeen: iso(row.first_seen), project: { id: project_id } };
      const body = JSON.stringify({
        action,
        installation: { uuid: 'a' },
        data: { issue },
        actor: { type: 'user', id: 1 },
      });
      const headers = {
        'content-type': 'application/json',
        'sentry-hook-resource': 'issue',
        'sentry-hook-timestamp': String(Date.parse(iso(row.at)!) / 1000),
        'sentry-hook-signature': createHmac('sha256', secret).update(body).digest('hex'),
      };
      return { path: '/', headers, body };
    });
}

/** Sends everything over a few connections at a time; rejects when something is refused. */
export async function send(posts: readonly Post[], port: number, connections = 16): Promise<void> {
  let next = 0;
  const client = async () => {
    for (let post = posts[next++]; post !== undefined; post = posts[next++]) {
      const { path, headers, body } = post;
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
}

if (import.meta.main) {
  // node test/support/sentry-traffic.ts PORT [WEBHOOK PORT SECRET]
  const [port, hookPort, secret = ''] = process.argv.slice(2);
  const rows = lakeRows(daysBefore(Date.now()));
  await send(envelopes(rows), Number(port));
  if (hookPort !== undefined) await send(webhooks(rows, secret), Number(hookPort));
}
