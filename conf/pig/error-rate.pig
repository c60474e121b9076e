-- Events, errors and their rate by Pig (0.18): per project and hour into $out/by_hour, per project into $out/by_project.
--
--   pig -param lake='/sentry-delimited/day=2026-11-*/project=*' -param out=/tmp/error-rate error-rate.pig
--
-- It reads the delimited form, as the sink writes it with
--
--   a.sinks.text.type = hdfs
--   a.sinks.text.hdfs.path = webhdfs://NAMENODE:9870/sentry-delimited/day=%Y-%m-%d/project=%{project_id}
--   a.sinks.text.hdfs.fileType = DataStream
--   a.sinks.text.hdfs.timeZone = UTC
--   a.sinks.text.hdfs.inUsePrefix = _
--   a.sinks.text.serializer = sentry_rows
--   a.sinks.text.serializer.format = delimited
--
-- Error rate = error events / all events. Error events: item_type event of level error or fatal. All events: events of every level, transactions
-- and topmost spans (the last three columns, which are there when serializer.columns names them).

rows = LOAD '$lake' USING PigStorage('\u0001') AS (
  event_id:chararray, project_id:chararray, timestamp:chararray, platform:chararray, level:chararray, logger:chararray,
  type:chararray, value:chararray, message:chararray, stacktrace:chararray, culprit:chararray, title:chararray,
  release:chararray, environment:chararray, server_name:chararray, transaction:chararray, user_id:chararray,
  sdk:chararray, handled:chararray, tags:chararray, contexts:chararray, hash:chararray, issue_id:chararray,
  received:chararray, item_type:chararray, trace_id:chararray, span_id:chararray, is_segment:chararray
);

counted = FILTER rows BY item_type == 'event' OR item_type == 'transaction'
  OR (item_type == 'span' AND is_segment == 'true');

-- \N stands for a missing value.
entries = FOREACH counted GENERATE
  project_id,
  item_type,
  (item_type == 'span' ? CONCAT(trace_id, span_id) : event_id) AS id,
  SUBSTRING((timestamp == '\\N' ? received : timestamp), 0, 13) AS hour,
  (item_type == 'event' AND (level == 'error' OR level == 'fatal' OR level == '\\N') ? 1L : 0L) AS is_error;

-- Repeats have project, item type and id in common: they count once.
same = GROUP entries BY (project_id, item_type, id);
once = FOREACH same {
  first = LIMIT entries 1;
  GENERATE FLATTEN(first) AS (project_id, item_type, id, hour, is_error);
}

hours = GROUP once BY (project_id, hour);
by_hour = FOREACH hours GENERATE FLATTEN(group) AS (project_id, hour), COUNT(once) AS all_events, SUM(once.is_error) AS error_events;
hours_in_order = ORDER by_hour BY project_id, hour;
STORE hours_in_order INTO '$out/by_hour' USING PigStorage('\t');

projects = GROUP once BY project_id;
by_project = FOREACH projects GENERATE
  group AS project_id, SUM(once.is_error) AS error_events, COUNT(once) AS all_events,
  (double) SUM(once.is_error) / (double) COUNT(once) AS error_rate;
projects_in_order = ORDER by_project BY project_id;
STORE projects_in_order INTO '$out/by_project' USING PigStorage('\t');
