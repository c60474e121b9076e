import { SESSION_STATE } from './tables.ts';

/** Charts begin at most so long before their end: one event of a clock that stands at 1970 does not squeeze all others. */
const LONGEST_DAYS = 400;

/** A clock may be so much ahead before its events are left out of the charts. */
const AHEAD = "INTERVAL '1 day'";

/** Whether a time is within what was asked for. What has no time is, where nothing was asked for. */
function inWindow(time: string): string {
  return `((given_from IS NULL AND given_to IS NULL AND ${time} IS NULL)
    OR ((given_from IS NULL OR ${time} >= given_from) AND (given_to IS NULL OR ${time} < given_to)
      AND ${time} IS NOT NULL))`;
}

/** Repeats go; the first that was received stays. */
export const LEAVE_OUT_REPEATS = `
  CREATE TABLE event_of_all_times AS
  SELECT * FROM one_event
  QUALIFY id IS NULL OR row_number() OVER (PARTITION BY project, item_type, id ORDER BY received, time) = 1;`;

export const COUNT_REPEATS =
  'SELECT (SELECT count(*) FROM one_event) - (SELECT count(*) FROM event_of_all_times) AS repeats';

/** A session once, at its first message, with the highest of its states; buckets of sessions as they are. */
const CREATE_SESSIONS = `
  CREATE TABLE session_of_all_times AS
  SELECT project, min(time) AS time, any_value(release) AS release, any_value(user_id) AS user_id,
    max(state) AS state, 1 AS quantity
  FROM session_update WHERE item_type = 'session' AND session_id IS NOT NULL
  GROUP BY project, session_id HAVING coalesce(bool_or(init), true)
  UNION ALL
  SELECT project, time, release, user_id, state, quantity FROM session_update
  WHERE item_type = 'sessions' OR session_id IS NULL;`;

/** What the report is about. Values, in ms since 1970 or null: from, to, now. */
const CREATE_BOUNDS = `
  CREATE TABLE bounds AS
  WITH given AS (SELECT epoch_ms($from) AS given_from, epoch_ms($to) AS given_to, epoch_ms($now) AS now),
  found AS (
    SELECT min(time) AS first, max(time) FILTER (time <= now + ${AHEAD}) AS last
    FROM given, (SELECT time FROM event_of_all_times UNION ALL SELECT time FROM session_of_all_times)
    WHERE ${inWindow('time')}
  )
  SELECT given_from, given_to, now,
    greatest(coalesce(given_from, first), coalesce(given_to, last) - INTERVAL '${LONGEST_DAYS} days') AS lo,
    coalesce(given_to, last + INTERVAL '1 microsecond') AS hi,
    coalesce(given_from, last - INTERVAL '1 day') AS since
  FROM given, found;`;

/**
 * `entry` holds what is counted: events, transactions, segments; `event` the first alone. An error is an event of level error or fatal.
 */
const CREATE_VIEWS = `
  CREATE VIEW entry AS
  SELECT e.*, coalesce(item_type = 'event' AND level IN ('error', 'fatal'), false) AS is_error
  FROM event_of_all_times e, bounds WHERE ${inWindow('time')};
  CREATE VIEW event AS SELECT * FROM entry WHERE item_type = 'event';
  CREATE VIEW session AS
  SELECT s.*, state = ${SESSION_STATE.crashed} AS crashed FROM session_of_all_times s, bounds
  WHERE ${inWindow('time')};
  CREATE VIEW discarded AS SELECT d.* FROM discard d, bounds WHERE ${inWindow('time')};
  CREATE VIEW repair AS SELECT c.* FROM repair_of_all_times c, bounds WHERE ${inWindow('ended')};`;

/**
 * Repair cycles. An issue opens when it is first seen and whenever it is unresolved again, and closes when it is resolved: of several openings, or several resolves, in a row
 * the first counts, so repeated hooks and their order do no harm. A repair lasts from an opening to the resolve after it. A resolve without an opening before it is none.
 * How issues stand is told as of the end of the window, where one was given.
 */
const CREATE_REPAIRS = `
  CREATE TABLE turn AS
  WITH move AS (
    SELECT project, issue, min(first_seen) AS moved, false AS closes FROM hook
    GROUP BY project, issue HAVING min(first_seen) IS NOT NULL
    UNION SELECT project, issue, moved, action = 'resolved' FROM hook
    WHERE action IN ('created', 'unresolved', 'regression', 'resolved') AND moved IS NOT NULL
  )
  SELECT *, lag(closes) OVER (PARTITION BY project, issue ORDER BY moved, closes) AS before FROM move
  QUALIFY before IS DISTINCT FROM closes;
  CREATE TABLE repair_of_all_times AS
  SELECT * FROM (
    SELECT project, issue, closes, moved AS ended, lag(moved) OVER (PARTITION BY project, issue ORDER BY moved, closes) AS began
    FROM turn
  ) WHERE closes AND began IS NOT NULL;
  CREATE TABLE standing AS
  SELECT t.project, t.issue, t.moved, t.reopened, CASE
      WHEN t.closes THEN 'resolved'
      WHEN (
        SELECT arg_max(h.action, h.moved) FROM hook h, bounds
        WHERE (given_to IS NULL OR h.moved < given_to) AND h.project IS NOT DISTINCT FROM t.project AND h.issue = t.issue
          AND h.action IN ('created', 'unresolved', 'regression', 'resolved', 'archived', 'ignored')
      ) IN ('archived', 'ignored') THEN 'archived'
      ELSE 'unresolved'
    END AS status
  FROM (
    SELECT project, issue, max(moved) AS moved, arg_max(closes, moved) AS closes,
      max(moved) FILTER (NOT closes AND before) AS reopened
    FROM turn, bounds WHERE given_to IS NULL OR moved < given_to GROUP BY project, issue
  ) t;`;

/** Every table and view that the questions are put to, in their order, but for `LEAVE_OUT_REPEATS`. */
export const PREPARE = { CREATE_SESSIONS, CREATE_BOUNDS, CREATE_REPAIRS, CREATE_VIEWS } as const;

/** In ms since 1970, or null; `last` is still in the window, `hi` is not. */
export const READ_BOUNDS = `
  SELECT epoch_ms(lo) AS lo, epoch_ms(hi) AS hi, epoch_ms(hi - INTERVAL '1 microsecond') AS last,
    epoch_ms(since) AS since
  FROM bounds`;
