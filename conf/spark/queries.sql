-- Questions to the tables of tables.sql, over the days ${from} to ${to}, both included, in UTC:
--
--   spark-sql --hivevar from=2026-11-01 --hivevar to=2026-11-30 -f queries.sql
--
-- Each statement stands behind its name. They share the temporary tables at the top, so that the files are read once. To run one question alone run it behind those it names.

SET TIME ZONE 'UTC';

-- Every event, transaction and topmost span of the period once, of repeats (same project, item type and id) the first that was received.
CACHE TABLE sentry_entry AS
SELECT
  day, project_id, item_type, happened, level, is_error, weight, issue_id, title, culprit, platform, release, environment,
  server_name, `transaction`, user_id, tags
FROM (
  SELECT e.*, row_number() OVER (PARTITION BY project_id, item_type, id ORDER BY received, happened) AS copy
  FROM sentry_entries e
  WHERE day BETWEEN '${from}' AND '${to}'
) e
WHERE copy = 1 OR id IS NULL;

-- When issues were seen first: as webhooks say, else by their first event of all days.
CACHE TABLE sentry_first_seen AS
SELECT project_id, issue_id, min(seen) AS first_seen
FROM (
  SELECT project_id, issue_id, happened AS seen FROM sentry_entries WHERE issue_id IS NOT NULL AND day <= '${to}'
  UNION ALL
  SELECT project_id, issue_id, first_seen AS seen FROM sentry_issue_changes WHERE day <= '${to}'
) s
GROUP BY project_id, issue_id;

-- Repair cycles. An issue opens when it is first seen and whenever it is unresolved again, and closes with the first resolve after that. Cycle 0 is the first, and a later one
-- with a beginning is a regression. UNION takes out repeats, and the order is that of the times, not of arrival. Archiving neither begins nor ends anything.
CACHE TABLE sentry_repair_cycle AS
SELECT project_id, issue_id, cycle, min(CASE WHEN resolves = 0 THEN at END) AS began,
  max(CASE WHEN resolves = 1 THEN at END) AS ended
FROM (
  SELECT m.*, coalesce(sum(resolves) OVER (
    PARTITION BY project_id, issue_id ORDER BY at, resolves ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), 0) AS cycle
  FROM (
    SELECT project_id, issue_id, min(first_seen) AS at, 0 AS resolves
    FROM sentry_issue_changes
    WHERE day <= '${to}' AND first_seen IS NOT NULL
    GROUP BY project_id, issue_id
    UNION
    SELECT project_id, issue_id, at, CASE action WHEN 'resolved' THEN 1 ELSE 0 END AS resolves
    FROM sentry_issue_changes
    WHERE day <= '${to}' AND at IS NOT NULL AND action IN ('created', 'unresolved', 'regression', 'resolved')
  ) m
) c
GROUP BY project_id, issue_id, cycle;

-- Repairs that ended in the period, with the seconds they took. Open and archived issues have none.
CACHE TABLE sentry_repair AS
SELECT project_id, issue_id, date_format(ended, 'yyyy-MM-dd') AS day,
  unix_timestamp(ended) - unix_timestamp(began) AS seconds
FROM sentry_repair_cycle
WHERE began IS NOT NULL AND ended IS NOT NULL AND date_format(ended, 'yyyy-MM-dd') BETWEEN '${from}' AND '${to}';

-- Every session once, with the worst that became of it, and aggregated ones as so many. One whose first message is not here is not counted.
CACHE TABLE sentry_session_once AS
SELECT project_id, max(release) AS release, max(user_id) AS user_id,
  max(CASE WHEN status = 'crashed' THEN 1 ELSE 0 END) AS crashed, 1 AS quantity
FROM sentry_sessions
WHERE day BETWEEN '${from}' AND '${to}' AND item_type = 'session' AND session_id IS NOT NULL
GROUP BY project_id, session_id
HAVING coalesce(max(CASE WHEN init THEN 1 WHEN NOT init THEN 0 END), 1) = 1
UNION ALL
SELECT project_id, release, user_id, CASE WHEN status = 'crashed' THEN 1 ELSE 0 END AS crashed, CAST(quantity AS INT) AS quantity
FROM sentry_sessions
WHERE day BETWEEN '${from}' AND '${to}' AND (item_type = 'sessions' OR session_id IS NULL);

-- Every event of an issue, once for each of its values: what may be a cause.
CACHE TABLE sentry_facet AS
SELECT project_id, issue_id, dimension, facet
FROM sentry_entry
LATERAL VIEW explode(map(
  'release', release, 'environment', environment, 'platform', platform, 'culprit', culprit, 'server_name', server_name
)) f AS dimension, facet
WHERE issue_id IS NOT NULL AND facet <> ''
UNION ALL
SELECT project_id, issue_id, concat('tag ', tag) AS dimension, facet
FROM sentry_entry
LATERAL VIEW explode(tags) f AS tag, facet
WHERE issue_id IS NOT NULL AND facet <> ''
  AND tag NOT IN ('release', 'environment', 'platform', 'server_name', 'level', 'transaction', 'user');

-- name: events_by_hour
-- Events and errors per project and hour.
SELECT project_id, date_format(happened, 'yyyy-MM-dd HH') AS hour, count(*) AS all_events, sum(is_error) AS error_events
FROM sentry_entry
GROUP BY project_id, date_format(happened, 'yyyy-MM-dd HH')
ORDER BY project_id, hour;

-- name: error_rate
-- Error rate = error events / all events. Error events: item_type event of level error or fatal. All events, the denominator: events of every level, transactions and
-- topmost spans, but no logs, sessions, check-ins or attachments. SDKs leave out transactions by their sample rate: the last two columns put them back (an estimate).
SELECT project_id, sum(is_error) AS error_events, count(*) AS all_events, round(sum(is_error) / count(*), 6) AS error_rate,
  round(sum(weight), 0) AS all_unsampled, round(sum(is_error) / sum(weight), 6) AS error_rate_unsampled
FROM sentry_entry
GROUP BY project_id
ORDER BY project_id;

-- name: mttr
-- Mean time to repair = total repair time / repairs, in hours.
SELECT count(*) AS repairs, round(sum(seconds) / 3600, 4) AS total_hours, round(sum(seconds) / 3600 / count(*), 4) AS mttr_hours
FROM sentry_repair;

-- name: mttr_by_project
-- The same by project.
SELECT project_id, count(*) AS repairs, round(sum(seconds) / 3600, 4) AS total_hours,
  round(sum(seconds) / 3600 / count(*), 4) AS mttr_hours
FROM sentry_repair
GROUP BY project_id
ORDER BY project_id;

-- name: mttr_by_day
-- The same by the day of the repair.
SELECT day, count(*) AS repairs, round(sum(seconds) / 3600, 4) AS total_hours,
  round(sum(seconds) / 3600 / count(*), 4) AS mttr_hours
FROM sentry_repair
GROUP BY day
ORDER BY day;

-- name: trend_by_day
-- Events, errors and their rate by day.
SELECT project_id, date_format(happened, 'yyyy-MM-dd') AS at_day, count(*) AS all_events, sum(is_error) AS error_events,
  round(sum(is_error) / count(*), 6) AS error_rate
FROM sentry_entry
GROUP BY project_id, date_format(happened, 'yyyy-MM-dd')
ORDER BY project_id, at_day;

-- name: trend_by_release
-- The same by release.
SELECT project_id, release, count(*) AS all_events, sum(is_error) AS error_events,
  round(sum(is_error) / count(*), 6) AS error_rate
FROM sentry_entry
WHERE release IS NOT NULL
GROUP BY project_id, release
ORDER BY project_id, release;

-- name: top_issues
-- The 20 issues with the most events, and how many users met them.
SELECT project_id, issue_id, max(title) AS title, count(*) AS events, count(DISTINCT user_id) AS users
FROM sentry_entry
WHERE issue_id IS NOT NULL
GROUP BY project_id, issue_id
ORDER BY events DESC, project_id, issue_id
LIMIT 20;

-- name: new_issues
-- Issues first seen in the period.
SELECT project_id, issue_id, date_format(first_seen, 'yyyy-MM-dd HH:mm:ss') AS seen
FROM sentry_first_seen
WHERE date_format(first_seen, 'yyyy-MM-dd') BETWEEN '${from}' AND '${to}'
ORDER BY project_id, issue_id;

-- name: regressed_issues
-- Issues that came back in the period after they had been resolved.
SELECT project_id, issue_id, count(*) AS times, max(date_format(began, 'yyyy-MM-dd HH:mm:ss')) AS last_time
FROM sentry_repair_cycle
WHERE cycle > 0 AND began IS NOT NULL AND date_format(began, 'yyyy-MM-dd') BETWEEN '${from}' AND '${to}'
GROUP BY project_id, issue_id
ORDER BY project_id, issue_id;

-- name: crash_free
-- Crash-free sessions and users. A user whose any session crashed is not crash-free, and sessions without a user count as sessions alone.
SELECT project_id, sum(quantity) AS sessions, sum(crashed * quantity) AS crashed,
  round(1 - sum(crashed * quantity) / sum(quantity), 6) AS crash_free_sessions,
  count(DISTINCT user_id) AS users, count(DISTINCT CASE WHEN crashed = 1 THEN user_id END) AS crashed_users,
  round(1 - count(DISTINCT CASE WHEN crashed = 1 THEN user_id END) / count(DISTINCT user_id), 6) AS crash_free_users
FROM sentry_session_once
WHERE quantity > 0
GROUP BY project_id
ORDER BY project_id;

-- name: crash_free_by_release
-- Crash-free sessions by release.
SELECT project_id, release, sum(quantity) AS sessions, sum(crashed * quantity) AS crashed,
  round(1 - sum(crashed * quantity) / sum(quantity), 6) AS crash_free_sessions
FROM sentry_session_once
WHERE quantity > 0
GROUP BY project_id, release
ORDER BY project_id, release;

-- name: discarded
-- What SDKs and Relay dropped: it is in no other figure.
SELECT project_id, item_type, outcome, reason, category, sum(quantity) AS quantity
FROM sentry_outcomes
WHERE day BETWEEN '${from}' AND '${to}' AND coalesce(outcome, '') <> 'accepted'
GROUP BY project_id, item_type, outcome, reason, category
ORDER BY project_id, item_type, outcome, reason, category;

-- name: issue_by
-- Each issue by release, environment, platform, culprit, host and tags.
SELECT project_id, issue_id, dimension, facet, count(*) AS events
FROM sentry_facet
GROUP BY project_id, issue_id, dimension, facet
ORDER BY project_id, issue_id, dimension, events DESC, facet;

-- name: over_represented
-- What is over-represented in an issue against the other issues of its project: of its events `share` have the value, of theirs `rest_share`, and lift = share /
-- rest_share, NULL when only this issue has it. The first lines of an issue are what to look at.
SELECT project_id, issue_id, dimension, facet, events, round(share, 4) AS share, round(rest_share, 4) AS rest_share,
  round(share / rest_share, 4) AS lift
FROM (
  SELECT v.project_id, v.issue_id, v.dimension, v.facet, v.events, v.events / i.events AS share,
    (v.all_events - v.events) / (i.all_events - i.events) AS rest_share
  FROM (
    SELECT f.*, sum(events) OVER (PARTITION BY project_id, dimension, facet) AS all_events
    FROM (
      SELECT project_id, issue_id, dimension, facet, count(*) AS events
      FROM sentry_facet
      GROUP BY project_id, issue_id, dimension, facet
    ) f
  ) v
  JOIN (
    SELECT n.*, sum(events) OVER (PARTITION BY project_id) AS all_events
    FROM (
      SELECT project_id, issue_id, count(*) AS events
      FROM sentry_entry
      WHERE issue_id IS NOT NULL
      GROUP BY project_id, issue_id
    ) n
  ) i ON i.project_id = v.project_id AND i.issue_id = v.issue_id
  WHERE i.all_events > i.events
) s
WHERE share >= 0.1 AND share > rest_share
ORDER BY project_id, issue_id, share - rest_share DESC, dimension, facet;

-- name: error_rate_delimited
-- The error rate from the delimited form, by itself: repeats are taken out by a GROUP BY.
SELECT project_id, sum(is_error) AS error_events, count(*) AS all_events, round(sum(is_error) / count(*), 6) AS error_rate
FROM (
  SELECT project_id, item_type, id, max(is_error) AS is_error
  FROM (
    SELECT project_id, item_type, CASE item_type WHEN 'span' THEN concat(trace_id, '/', span_id) ELSE event_id END AS id,
      CASE WHEN item_type = 'event' AND coalesce(level, 'error') IN ('error', 'fatal') THEN 1 ELSE 0 END AS is_error
    FROM sentry_rows_delimited
    WHERE day BETWEEN '${from}' AND '${to}'
      AND (item_type IN ('event', 'transaction') OR (item_type = 'span' AND is_segment))
  ) e
  GROUP BY project_id, item_type, id
) once
GROUP BY project_id
ORDER BY project_id;
