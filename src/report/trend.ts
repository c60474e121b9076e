import type { Database, Row } from './database.ts';
import { numberOf, ratesOf } from './figures.ts';
import type { Bucket, Report, TrendPoint } from './report.ts';
import { trendSql } from './sql/trend.ts';

const MS: Readonly<Record<Bucket, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** A window up to so long is shown by second, minute, hour. */
const SECONDS_UP_TO_MS = 2 * MS.minute;
const MINUTES_UP_TO_MS = 3 * MS.hour;
const HOURS_UP_TO_MS = 8 * MS.day;
/** A chart shows no less than this, or two bars would fill it. */
const LEAST_POINTS = 24;
const KEPT_HOURS = 31 * 24;

/** The trends of a window, both ends in it, in ms since 1970 (NaN: there is no data). */
export async function readTrends(
  database: Database,
  lo: number,
  end: number,
): Promise<Pick<Report, 'trend' | 'byHour' | 'byDay'>> {
  const length = end - lo;
  const bucket = bucketOf(length);
  const byHour = await read(database, 'hour');
  const byDay = await read(database, 'day');
  const rows = bucket === 'hour' ? byHour : bucket === 'day' ? byDay : await read(database, bucket);
  const points = Number.isNaN(length) ? [] : withoutGaps(rows, bucket, lo, end);
  return { trend: { bucket, points }, byHour: byHour.slice(-KEPT_HOURS), byDay };
}

function bucketOf(length: number): Bucket {
  if (length <= SECONDS_UP_TO_MS) return 'second';
  if (length <= MINUTES_UP_TO_MS) return 'minute';
  return length <= HOURS_UP_TO_MS ? 'hour' : 'day';
}

async function read(database: Database, bucket: Bucket): Promise<TrendPoint[]> {
  return (await database.all(trendSql(bucket))).map(pointOf);
}

function pointOf(row: Row): TrendPoint {
  const at = new Date(numberOf(row, 'slot')).toISOString();
  return { at, ...ratesOf(row), sessions: numberOf(row, 'sessions'), crashed: numberOf(row, 'crashed') };
}

function withoutGaps(points: readonly TrendPoint[], bucket: Bucket, lo: number, end: number): TrendPoint[] {
  const step = MS[bucket];
  const last = Math.floor(end / step) * step;
  const first = Math.min(Math.floor(lo / step) * step, last - (LEAST_POINTS - 1) * step);
  const known = new Map(points.map((point) => [point.at, point]));
  const filled: TrendPoint[] = [];
  for (let at = first; at <= last; at += step) {
    const iso = new Date(at).toISOString();
    filled.push(known.get(iso) ?? { at: iso, all: 0, errors: 0, errorRate: null, sessions: 0, crashed: 0 });
  }
  return filled;
}
