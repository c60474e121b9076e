/** So many parts a sparkline has. */
export const SPARKLINE_PARTS = 24;

/** How severe a level is, so that an issue has the worst of its events. */
const SEVERITY = `CASE level WHEN 'fatal' THEN 5 WHEN 'error' THEN 4 WHEN 'warning' THEN 3 WHEN 'info' THEN 2 ELSE 1 END`;

/** One row an issue that has events in the window. */
export const CREATE_ISSUES = `
  CREATE TABLE issue AS
  WITH birth AS (
    SELECT project, issue, min(time) AS first FROM event_of_all_times WHERE issue IS NOT NULL GROUP BY project, issue
  ),
  told AS (
    SELECT project, issue, min(first_seen) AS first, any_value(title) AS title FROM hook GROUP BY project, issue
  ),
  counted AS (
    SELECT project, issue, count(*) AS events, count(DISTINCT user_id) AS users, max(time) AS last,
      arg_max(title, time) AS title, arg_max(culprit, time) AS culprit, arg_max(level, ${SEVERITY}) AS level
    FROM event WHERE issue IS NOT NULL GROUP BY project, issue
  )
  SELECT c.project, c.issue, c.events, c.users, c.last, coalesce(c.title, t.title) AS title, c.culprit, c.level,
    least(b.first, t.first) AS first, s.status, s.reopened
  FROM counted c LEFT JOIN birth b ON b.issue = c.issue AND b.project IS NOT DISTINCT FROM c.project
  LEFT JOIN told t ON t.issue = c.issue AND t.project IS NOT DISTINCT FROM c.project
  LEFT JOIN standing s ON s.issue = c.issue AND s.project IS NOT DISTINCT FROM c.project
  UNION ALL BY NAME
  SELECT s.project, s.issue, 0 AS events, 0 AS users, NULL AS last, t.title, NULL AS culprit, 'error' AS level,
    t.first, s.status, s.reopened
  FROM standing s LEFT JOIN told t ON t.issue = s.issue AND t.project IS NOT DISTINCT FROM s.project
  WHERE NOT EXISTS (FROM counted c WHERE c.issue = s.issue AND c.project IS NOT DISTINCT FROM s.project);`;

const COLUMNS = `project, issue, events, users, epoch_ms(last) AS last, title, culprit, level, epoch_ms(first) AS first,
  status, epoch_ms(reopened) AS reopened`;

/** Each has the value `top`. */
export const ISSUE_LISTS = {
  byEvents: `SELECT ${COLUMNS} FROM issue WHERE events > 0 ORDER BY events DESC, users DESC, issue LIMIT $top`,
  byUsers: `SELECT ${COLUMNS} FROM issue WHERE users > 0 ORDER BY users DESC, events DESC, issue LIMIT $top`,
  new: `SELECT ${COLUMNS} FROM issue, bounds WHERE first >= since AND (given_to IS NULL OR first < given_to)
    ORDER BY events DESC, users DESC, issue LIMIT $top`,
  regressed: `SELECT ${COLUMNS} FROM issue, bounds WHERE reopened >= since AND (given_to IS NULL OR reopened < given_to)
    ORDER BY events DESC, users DESC, issue LIMIT $top`,
} as const;

/** The parts of the sparklines of some issues, those with events in them. Value: issues, each as project, zero, id. */
export const SPARKLINES = `
  SELECT coalesce(project, '') || chr(0) || issue AS key,
    least(${SPARKLINE_PARTS - 1}, floor((epoch_us(time) - epoch_us(lo)) * ${SPARKLINE_PARTS}.0
      / greatest(1, epoch_us(hi) - epoch_us(lo))))::INTEGER AS part,
    count(*) AS events
  FROM event, bounds
  WHERE list_contains($issues, coalesce(project, '') || chr(0) || issue) AND time >= lo AND time < hi
  GROUP BY key, part`;
