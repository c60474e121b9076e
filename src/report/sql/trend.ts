import type { Bucket } from '../report.ts';

/** Counts by bucket of time. Only buckets with something in them; the caller fills the gaps. */
export function trendSql(bucket: Bucket): string {
  return `
    SELECT epoch_ms(slot) AS slot, coalesce("all", 0) AS "all", coalesce(errors, 0) AS errors,
      coalesce(sessions, 0) AS sessions, coalesce(crashed, 0) AS crashed
    FROM (
      SELECT date_trunc('${bucket}', time) AS slot, count(*) AS "all", count(*) FILTER (is_error) AS errors
      FROM entry WHERE time IS NOT NULL GROUP BY slot
    ) FULL JOIN (
      SELECT date_trunc('${bucket}', time) AS slot, sum(quantity) AS sessions,
        coalesce(sum(quantity) FILTER (crashed), 0) AS crashed
      FROM session WHERE time IS NOT NULL GROUP BY slot
    ) USING (slot)
    ORDER BY slot`;
}
