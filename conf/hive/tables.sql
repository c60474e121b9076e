-- Hive tables over what Sluice writes (Hive 4; `STORED AS JSONFILE` of Hive 2 and 3 is spelt
-- `ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' STORED AS TEXTFILE`).
--
--   beeline -u jdbc:hive2://HOST:10000 --hivevar lake=hdfs://NAMENODE:8020/sentry \
--     --hivevar delimited=hdfs://NAMENODE:8020/sentry-delimited -f tables.sql
--   (or: hive --hivevar ... -f tables.sql)
--
-- Safe to run again, and it finds the new days too. The sinks that write there:
--
--   a.sinks.json.type = hdfs
--   a.sinks.json.hdfs.path = webhdfs://NAMENODE:9870/sentry/day=%Y-%m-%d/project=%{project_id}
--   a.sinks.json.hdfs.fileType = DataStream
--   a.sinks.json.hdfs.timeZone = UTC
--   a.sinks.json.hdfs.inUsePrefix = _
--   a.sinks.json.serializer = sentry_rows
--
-- and for the delimited table, with a path of its own:
--
--   a.sinks.text.serializer.format = delimited
--
-- Files whose names begin with `_` are skipped, so what is still being written is not read half. An event without a project (some webhooks, lines of logs) makes a folder
-- `project=`, which Hive passes over: give such sources a static interceptor with key = project_id, value = none, preserveExisting = true.

SET hive.local.time.zone=UTC;
SET hive.msck.path.validation=skip;

-- Every row, whatever its item_type. Columns that a row does not have are NULL. The slug of a project (`project` in the rows of webhooks) makes way for the partition.
CREATE EXTERNAL TABLE IF NOT EXISTS sentry_rows (
  `event_id` STRING,
  `project_id` STRING,
  `timestamp` TIMESTAMP,
  `platform` STRING,
  `level` STRING,
  `logger` STRING,
  `type` STRING,
  `value` STRING,
  `message` STRING,
  `stacktrace` STRING,
  `culprit` STRING,
  `title` STRING,
  `release` STRING,
  `environment` STRING,
  `server_name` STRING,
  `transaction` STRING,
  `user_id` STRING,
  `sdk` STRING,
  `handled` BOOLEAN,
  `tags` MAP<STRING, STRING>,
  `contexts` STRING,
  `hash` STRING,
  `issue_id` STRING,
  `received` TIMESTAMP,
  `item_type` STRING,
  `status` STRING,
  `duration` DOUBLE,
  `trace_id` STRING,
  `span_id` STRING,
  `is_segment` BOOLEAN,
  `sample_rate` DOUBLE,
  `session_id` STRING,
  `init` BOOLEAN,
  `errors` BIGINT,
  `started` TIMESTAMP,
  `quantity` BIGINT,
  `outcome` STRING,
  `reason` STRING,
  `category` STRING,
  `action` STRING,
  `substatus` STRING,
  `at` TIMESTAMP,
  `first_seen` TIMESTAMP,
  `actor_type` STRING
)
PARTITIONED BY (day STRING, project STRING)
STORED AS JSONFILE
LOCATION '${hivevar:lake}';

MSCK REPAIR TABLE sentry_rows;

-- The delimited form: the columns that are written by default, and three more for those who name them in `serializer.columns`
-- (they are NULL where the files do not have them, and then topmost spans are not counted). Tags are JSON text: get_json_object(tags, '$.browser').
CREATE EXTERNAL TABLE IF NOT EXISTS sentry_rows_delimited (
  `event_id` STRING,
  `project_id` STRING,
  `timestamp` TIMESTAMP,
  `platform` STRING,
  `level` STRING,
  `logger` STRING,
  `type` STRING,
  `value` STRING,
  `message` STRING,
  `stacktrace` STRING,
  `culprit` STRING,
  `title` STRING,
  `release` STRING,
  `environment` STRING,
  `server_name` STRING,
  `transaction` STRING,
  `user_id` STRING,
  `sdk` STRING,
  `handled` BOOLEAN,
  `tags` STRING,
  `contexts` STRING,
  `hash` STRING,
  `issue_id` STRING,
  `received` TIMESTAMP,
  `item_type` STRING,
  `trace_id` STRING,
  `span_id` STRING,
  `is_segment` BOOLEAN
)
PARTITIONED BY (day STRING, project STRING)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY '\001'
STORED AS TEXTFILE
LOCATION '${hivevar:delimited}';

MSCK REPAIR TABLE sentry_rows_delimited;

-- What rates are taken of: events of every level, transactions, and the topmost spans that newer SDKs send in place of transactions. `id` is what repeats
-- have in common.
CREATE OR REPLACE VIEW sentry_entries AS
SELECT
  day, project_id, item_type,
  CASE item_type WHEN 'span' THEN concat(trace_id, '/', span_id) ELSE event_id END AS id,
  coalesce(`timestamp`, received) AS happened, received,
  CASE item_type WHEN 'event' THEN coalesce(level, 'error') END AS level,
  CASE WHEN item_type = 'event' AND coalesce(level, 'error') IN ('error', 'fatal') THEN 1 ELSE 0 END AS is_error,
  -- How many there were for each that the SDK sent.
  CASE WHEN item_type <> 'event' AND sample_rate > 0 AND sample_rate < 1 THEN 1 / sample_rate ELSE 1.0 END AS weight,
  CASE item_type WHEN 'event' THEN issue_id END AS issue_id,
  title, culprit, platform, release, environment, server_name, `transaction`, nullif(user_id, '') AS user_id, tags
FROM sentry_rows
WHERE item_type IN ('event', 'transaction') OR (item_type = 'span' AND is_segment);

-- The same by kind. Like the table they hold repeats.
CREATE OR REPLACE VIEW sentry_errors AS
SELECT * FROM sentry_rows WHERE item_type = 'event' AND coalesce(level, 'error') IN ('error', 'fatal');

CREATE OR REPLACE VIEW sentry_transactions AS
SELECT * FROM sentry_rows WHERE item_type = 'transaction' OR (item_type = 'span' AND is_segment);

-- item_type session: an update of one session, sessions: so many (`quantity`) of one status.
CREATE OR REPLACE VIEW sentry_sessions AS
SELECT
  day, project_id, item_type, session_id, nullif(user_id, '') AS user_id, release, environment, init, status,
  coalesce(started, `timestamp`, received) AS started, errors, coalesce(quantity, 1) AS quantity
FROM sentry_rows
WHERE item_type IN ('session', 'sessions');

-- What never became an event: client_report as SDKs tell it, outcome as Relay does.
CREATE OR REPLACE VIEW sentry_outcomes AS
SELECT
  day, project_id, item_type, coalesce(`timestamp`, received) AS happened, outcome, reason, category,
  coalesce(quantity, 1) AS quantity
FROM sentry_rows
WHERE item_type IN ('client_report', 'outcome');

-- The life of issues, as webhooks tell it, in any order and more than once.
CREATE OR REPLACE VIEW sentry_issue_changes AS
SELECT
  day, project_id, issue_id, lower(action) AS action, status, substatus, coalesce(at, `timestamp`) AS at, first_seen,
  title, actor_type
FROM sentry_rows
WHERE item_type = 'issue' AND issue_id IS NOT NULL;
