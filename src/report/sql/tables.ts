import type { ColumnName } from '../../sentry/columns.ts';

/** The columns of the rows that the report is made of. What a lake does not have is empty. */
export const READ_COLUMNS: readonly ColumnName[] = [
  ...(['event_id', 'project_id', 'timestamp', 'platform', 'level', 'message', 'culprit', 'title'] as const),
  ...(['release', 'environment', 'server_name', 'user_id', 'tags', 'hash', 'issue_id', 'received'] as const),
  ...(['item_type', 'status', 'is_segment', 'sample_rate', 'trace_id', 'span_id', 'session_id', 'init'] as const),
  ...(['errors', 'started', 'quantity', 'outcome', 'reason', 'category', 'project', 'action', 'substatus'] as const),
  ...(['at', 'first_seen'] as const),
];

const READ_AS = READ_COLUMNS.map((name) => `"${name}": '${name === 'tags' ? 'JSON' : 'VARCHAR'}'`).join(', ');

/**
 * What of the rows of some files is wanted later. A damaged row has no column at all. What does not say its type is an event if it has the id of one: lines of
 * logs that nobody could read are none. Values: files, compression.
 */
export const TAKE_ROWS = `
  CREATE OR REPLACE TEMP TABLE taken AS
  SELECT * REPLACE (
      coalesce(item_type, CASE WHEN action IS NOT NULL THEN 'issue' WHEN nullif(event_id, '') IS NOT NULL THEN 'event'
        ELSE 'unparsed' END) AS item_type,
      coalesce(nullif(project_id, ''), project, regexp_extract(filename, '/project=([^/]+)/', 1)) AS project_id
    ),
    coalesce(TRY_CAST(timestamp AS TIMESTAMP), TRY_CAST(received AS TIMESTAMP)) AS time,
    ${READ_COLUMNS.map((name) => `"${name}" IS NULL`).join(' AND ')} AS damaged
  FROM read_json($files, format = 'newline_delimited', compression = $compression, ignore_errors = true,
    maximum_object_size = 4194304, filename = true, hive_partitioning = false, columns = {${READ_AS}})`;

/** How many rows there were, good and damaged, of each file with damaged ones. */
export const COUNT_TAKEN = 'SELECT count(*) FILTER (NOT damaged) AS good FROM taken';
export const DAMAGED_TAKEN = `
  SELECT filename AS path, count(*) AS damaged FROM taken WHERE damaged GROUP BY filename ORDER BY filename`;

export const CREATE_TABLES = `
  CREATE TABLE one_event (item_type VARCHAR, project VARCHAR, id VARCHAR, time TIMESTAMP, received TIMESTAMP,
    level VARCHAR, platform VARCHAR, culprit VARCHAR, title VARCHAR, release VARCHAR, environment VARCHAR,
    server_name VARCHAR, user_id VARCHAR, issue VARCHAR, weight DOUBLE, tags MAP(VARCHAR, VARCHAR));
  CREATE TABLE session_update (item_type VARCHAR, project VARCHAR, session_id VARCHAR, time TIMESTAMP,
    release VARCHAR, user_id VARCHAR, init BOOLEAN, state UTINYINT, quantity BIGINT);
  CREATE TABLE hook (project VARCHAR, issue VARCHAR, action VARCHAR, moved TIMESTAMP, first_seen TIMESTAMP,
    title VARCHAR);
  CREATE TABLE discard (item_type VARCHAR, project VARCHAR, time TIMESTAMP, outcome VARCHAR, reason VARCHAR,
    category VARCHAR, quantity BIGINT);
  CREATE TABLE row_count (item_type VARCHAR, rows BIGINT);`;

/** Of `--project`: the values of a list, or all where it is empty. */
const WANTED = `NOT damaged AND (len($projects) = 0 OR list_contains($projects, project_id)
  OR list_contains($projects, project))`;

/**
 * Events, and what stands for transactions: `item_type` is event, transaction or span (a segment). A transaction and a span of sample rate 0.1 weigh 10.
 */
const KEEP_EVENTS = `
  INSERT INTO one_event
  SELECT item_type, project_id, CASE item_type WHEN 'span' THEN trace_id || '/' || span_id ELSE event_id END, time,
    TRY_CAST(received AS TIMESTAMP), CASE item_type WHEN 'event' THEN coalesce(nullif(level, ''), 'error') END,
    platform, culprit, coalesce(nullif(title, ''), split_part(message, chr(10), 1)), nullif(release, ''),
    nullif(environment, ''), nullif(server_name, ''), nullif(user_id, ''),
    CASE item_type WHEN 'event' THEN coalesce(nullif(issue_id, ''), 'v1-' || nullif(hash, '')) END,
    CASE WHEN TRY_CAST(sample_rate AS DOUBLE) > 0 AND item_type <> 'event'
      THEN greatest(1, 1 / TRY_CAST(sample_rate AS DOUBLE)) ELSE 1 END,
    TRY_CAST(tags AS MAP(VARCHAR, VARCHAR))
  FROM taken
  WHERE ${WANTED} AND (item_type IN ('event', 'transaction') OR (item_type = 'span' AND is_segment = 'true'))`;

/** The higher state of a session wins over the lower. */
export const SESSION_STATE = { healthy: 0, errored: 1, unhandled: 2, abnormal: 3, crashed: 4 } as const;

const KEEP_SESSIONS = `
  INSERT INTO session_update
  SELECT item_type, project_id, session_id, coalesce(TRY_CAST(started AS TIMESTAMP), time), nullif(release, ''),
    nullif(user_id, ''), TRY_CAST(init AS BOOLEAN),
    CASE status WHEN 'crashed' THEN ${SESSION_STATE.crashed} WHEN 'abnormal' THEN ${SESSION_STATE.abnormal}
      WHEN 'unhandled' THEN ${SESSION_STATE.unhandled} WHEN 'errored' THEN ${SESSION_STATE.errored}
      ELSE CASE WHEN TRY_CAST(errors AS BIGINT) > 0 THEN ${SESSION_STATE.errored} ELSE ${SESSION_STATE.healthy} END END,
    coalesce(TRY_CAST(quantity AS BIGINT), 1)
  FROM taken WHERE ${WANTED} AND item_type IN ('session', 'sessions')`;

const KEEP_HOOKS = `
  INSERT INTO hook
  SELECT project_id, issue_id, lower(action), coalesce(TRY_CAST("at" AS TIMESTAMP), time),
    TRY_CAST(first_seen AS TIMESTAMP), nullif(title, '')
  FROM taken WHERE ${WANTED} AND item_type = 'issue' AND issue_id IS NOT NULL`;

const KEEP_DISCARDS = `
  INSERT INTO discard
  SELECT item_type, project_id, time, outcome, nullif(reason, ''), nullif(category, ''),
    coalesce(TRY_CAST(quantity AS BIGINT), 1)
  FROM taken WHERE ${WANTED} AND item_type IN ('client_report', 'outcome')`;

const COUNT_ROWS = `
  INSERT INTO row_count SELECT item_type, count(*) FROM taken WHERE ${WANTED} GROUP BY item_type`;

/** What is kept of the rows taken, each with the value `projects`. */
export const KEEP_ROWS = [KEEP_EVENTS, KEEP_SESSIONS, KEEP_HOOKS, KEEP_DISCARDS, COUNT_ROWS] as const;
