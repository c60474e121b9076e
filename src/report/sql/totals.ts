/** What error rates are taken of. */
export const RATES = 'count(*) AS "all", count(*) FILTER (is_error) AS errors';

export const TOTALS = `
  SELECT ${RATES}, count(*) FILTER (item_type = 'event') AS events,
    count(*) FILTER (item_type = 'transaction') AS transactions, count(*) FILTER (item_type = 'span') AS segments,
    coalesce(sum(weight), 0)::DOUBLE AS all_unsampled, count(DISTINCT (project, issue)) FILTER (issue IS NOT NULL) AS issues,
    count(DISTINCT (project, user_id)) FILTER (is_error AND user_id IS NOT NULL) AS users,
    count(*) FILTER (time IS NULL) AS undated
  FROM entry`;

export const LEVELS = 'SELECT level, count(*) AS events FROM event GROUP BY level ORDER BY events DESC, level';

export const ROW_TYPES =
  'SELECT item_type, sum(rows) AS rows FROM row_count GROUP BY item_type ORDER BY rows DESC, item_type';

const SESSIONS = `sum(quantity) AS sessions, coalesce(sum(quantity) FILTER (crashed), 0) AS crashed,
  count(DISTINCT user_id) AS users, count(DISTINCT user_id) FILTER (crashed) AS crashed_users`;

export const PROJECTS = `
  WITH of_entries AS (
    SELECT project, ${RATES}, count(*) FILTER (item_type = 'event') AS events,
      count(*) FILTER (item_type = 'transaction') AS transactions,
      count(DISTINCT issue) AS issues, count(DISTINCT user_id) FILTER (is_error) AS users
    FROM entry GROUP BY project
  ),
  of_sessions AS (SELECT project, ${SESSIONS} FROM session GROUP BY project),
  of_repairs AS (
    SELECT project, count(*) AS repairs, sum(epoch_us(ended) - epoch_us(began)) / 1e6 AS seconds
    FROM repair GROUP BY project
  )
  SELECT project, coalesce("all", 0) AS "all", coalesce(errors, 0) AS errors, coalesce(events, 0) AS events,
    coalesce(transactions, 0) AS transactions, coalesce(issues, 0) AS issues, coalesce(e.users, 0) AS users,
    coalesce(sessions, 0) AS sessions, crashed, s.users AS session_users, crashed_users,
    coalesce(repairs, 0) AS repairs, seconds
  FROM of_entries e FULL JOIN of_sessions s USING (project) FULL JOIN of_repairs USING (project)
  ORDER BY errors DESC, "all" DESC, project
  LIMIT 1000`;

export const SESSION_TOTALS = `
  SELECT coalesce(sum(quantity), 0) AS sessions, count(DISTINCT (project, user_id)) FILTER (user_id IS NOT NULL) AS users,
    count(DISTINCT (project, user_id)) FILTER (crashed AND user_id IS NOT NULL) AS crashed_users FROM session`;

export const SESSION_STATES = 'SELECT state, sum(quantity) AS sessions FROM session GROUP BY state';

/** Every release with what it has, by its first event or session, the latest first. */
export const RELEASES = `
  WITH of_entries AS (
    SELECT release, ${RATES}, min(time) AS first, max(time) AS last FROM entry WHERE release IS NOT NULL GROUP BY release
  ),
  of_sessions AS (
    SELECT release, sum(quantity) AS sessions, coalesce(sum(quantity) FILTER (crashed), 0) AS crashed,
      min(time) AS first, max(time) AS last
    FROM session WHERE release IS NOT NULL GROUP BY release
  ),
  births AS (
    SELECT release, count(*) AS new_issues
    FROM (SELECT arg_min(release, time) AS release FROM event_of_all_times WHERE issue IS NOT NULL GROUP BY project, issue)
    GROUP BY release
  )
  SELECT release, coalesce("all", 0) AS "all", coalesce(errors, 0) AS errors,
    epoch_ms(least(e.first, s.first)) AS first, epoch_ms(greatest(e.last, s.last)) AS last,
    coalesce(new_issues, 0) AS new_issues, coalesce(sessions, 0) AS sessions, crashed
  FROM of_entries e FULL JOIN of_sessions s USING (release) LEFT JOIN births USING (release)
  ORDER BY first DESC NULLS LAST, release DESC
  LIMIT 50`;

export const DISCARDED = `
  SELECT item_type AS source, coalesce(outcome, 'unknown') AS outcome, reason, category, sum(quantity) AS quantity
  FROM discarded WHERE outcome IS DISTINCT FROM 'accepted'
  GROUP BY ALL ORDER BY quantity DESC, outcome, reason, category LIMIT 100`;

export const REPAIR_TOTALS = `
  SELECT count(*) AS repairs, coalesce(sum(seconds), 0) AS total, median(seconds) AS median, max(seconds) AS longest
  FROM (SELECT (epoch_us(ended) - epoch_us(began)) / 1e6 AS seconds FROM repair)`;

export const REPAIRS_BY_DAY = `
  SELECT strftime(date_trunc('day', ended), '%Y-%m-%d') AS day, count(*) AS repairs,
    sum(epoch_us(ended) - epoch_us(began)) / 1e6 AS total
  FROM repair GROUP BY day ORDER BY day`;

/** Ages are taken at the end of the window, where one was given. */
export const OPEN_ISSUES = `
  SELECT count(*) FILTER (status = 'unresolved') AS issues, count(*) FILTER (status = 'archived') AS archived,
    avg(age) FILTER (status = 'unresolved') AS mean, max(age) FILTER (status = 'unresolved') AS oldest
  FROM (SELECT status, greatest(0, epoch(coalesce(given_to, now)) - epoch(moved)) AS age FROM standing, bounds)`;
