/** So many of the top issues are looked into, and so many values of each are told. */
export const CAUSE_ISSUES = 5;
const VALUES_EACH = 8;
/** A value of fewer events, or of a smaller share of the issue, says nothing. */
const LEAST_SUPPORT = 3;
const LEAST_SHARE = 0.1;
const LEAST_LIFT = 1.5;
/** Nor does a difference of shares that chance makes as well: of fewer standard errors than this. */
const LEAST_Z = 2;

/** Tags that say again what a column says. */
const COLUMN_TAGS = `('release', 'environment', 'platform', 'server_name', 'level', 'transaction', 'user')`;

/** Every event with an issue of the projects of the top issues, once for each of its values. */
const FACETS = `
  SELECT project, issue, facet.dimension, facet.value FROM (
    SELECT e.project, e.issue, unnest(list_concat([
        {dimension: 'release', value: e.release}, {dimension: 'environment', value: e.environment},
        {dimension: 'platform', value: e.platform}, {dimension: 'culprit', value: e.culprit},
        {dimension: 'server_name', value: e.server_name}
      ], list_transform(
        list_filter(coalesce(map_entries(e.tags), []), lambda t: t.key NOT IN ${COLUMN_TAGS}),
        lambda t: {dimension: 'tag ' || t.key, value: t.value}
      ))) AS facet
    FROM event e WHERE e.issue IS NOT NULL AND e.project IN (SELECT project FROM top_issue)
  ) WHERE facet.value IS NOT NULL AND facet.value <> ''`;

/** The issues that are looked into. */
export const CREATE_TOP_ISSUES = `
  CREATE TABLE top_issue AS
  SELECT i.project, i.issue, i.title, i.events,
    (SELECT count(*) FROM event e WHERE e.issue IS NOT NULL AND e.issue <> i.issue AND e.project = i.project) AS rest
  FROM (FROM issue WHERE events > 0 ORDER BY events DESC, users DESC, issue LIMIT ${CAUSE_ISSUES}) i`;

export const TOP_ISSUES = 'SELECT * FROM top_issue ORDER BY events DESC, issue';

/**
 * What is over-represented in each of them against the other issues of its project. Told in the order of the difference of the shares, so that what nearly every event of the
 * issue and hardly another has comes first; the culprit, by which issues are told apart, after its equals.
 */
export const CAUSES = `
  WITH counted AS (SELECT project, issue, dimension, value, count(*) AS n FROM (${FACETS}) GROUP BY ALL),
  summed AS (SELECT project, dimension, value, sum(n) AS n FROM counted GROUP BY ALL),
  shares AS (
    SELECT t.project, t.issue, c.dimension, c.value, c.n AS support, c.n / t.events AS share,
      (s.n - c.n)::DOUBLE / t.rest AS rest_share, s.n::DOUBLE / (t.events + t.rest) AS whole,
      sqrt(greatest(0, whole * (1 - whole)) * (1 / t.events + 1 / t.rest)) AS error
    FROM top_issue t JOIN counted c USING (project, issue)
    JOIN summed s ON s.project = c.project AND s.dimension = c.dimension AND s.value = c.value
    WHERE t.rest > 0
  )
  SELECT project, issue, dimension, value, support, share, rest_share,
    CASE WHEN rest_share > 0 THEN share / rest_share END AS lift
  FROM shares
  WHERE support >= ${LEAST_SUPPORT} AND share >= ${LEAST_SHARE} AND (rest_share = 0 OR share / rest_share >= ${LEAST_LIFT})
    AND share - rest_share >= ${LEAST_Z} * error
  QUALIFY row_number() OVER (
    PARTITION BY project, issue ORDER BY share - rest_share DESC, dimension = 'culprit', dimension, value
  ) <= ${VALUES_EACH}
  ORDER BY project, issue, share - rest_share DESC, dimension = 'culprit', dimension, value`;
