import type { SentryRow } from '../columns.ts';
import { boundedJson } from '../event/bounded-json.ts';
import { eventRow } from '../event/event-row.ts';
import { levelOf, platformOf } from '../event/fields.ts';
import type { Crash } from '../event/stacktrace.ts';
import { LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { parseTime, timeText } from '../time.ts';
import { baseRow } from './base-row.ts';
import { storedType } from './kafka-event.ts';

/** What is kept of how an issue was resolved or archived. */
const DETAILS = 8192;

/** The event in the body of a webhook (an error, or the event that set off an alert), with the issue it belongs to. */
export function webhookEvent(payload: Fields): Fields | undefined {
  const data = fieldsOf(payload['data']);
  const event = fieldsOf(data?.['error']) ?? fieldsOf(data?.['event']);
  if (event !== undefined) return event;
  const old = fieldsOf(payload['event']);
  if (old === undefined || !('project_slug' in payload)) return undefined;
  // The legacy plugin's: the issue stands beside the event.
  return { ...old, group_id: payload['id'], culprit: old['culprit'] ?? payload['culprit'] };
}

/** The type of the row that the body of a webhook gives. An alert is set off by an event that was counted when it happened, so it is none itself. */
export function webhookType(payload: Fields): string {
  const data = fieldsOf(payload['data']);
  const error = fieldsOf(data?.['error']);
  if (error !== undefined) return storedType(error);
  if (webhookEvent(payload) !== undefined) return 'alert';
  if (fieldsOf(data?.['issue']) !== undefined) return 'issue';
  if (data !== undefined && 'comment_id' in data) return 'comment';
  if (data !== undefined && 'metric_alert' in data) return 'metric_alert';
  if (data !== undefined && 'installation' in data) return 'installation';
  return 'webhook';
}

/** The row of a webhook. That of an issue says what happened to it, and when: the header `timestamp` is the hook's. */
export function webhookRow(payload: Fields, given: Given, crash: Crash): SentryRow {
  const type = webhookType(payload);
  const event = webhookEvent(payload);
  const project = trimmed(textOf(payload['project_slug']), LIMITS.name);
  const at = timeText((Number.isNaN(given.timestamp) ? given.received : given.timestamp) * 1000);
  if (event !== undefined) {
    const row = { ...eventRow(type, event, given, crash), project };
    return type === 'alert' ? { ...row, action: 'triggered', at } : row;
  }
  const data = fieldsOf(payload['data']);
  const issue = fieldsOf(data?.['issue']);
  const row = {
    ...baseRow(type, {}, given, undefined),
    timestamp: at,
    action: actionOf(payload['action']),
    at,
    actor_type: trimmed(textOf(fieldsOf(payload['actor'])?.['type']), LIMITS.label),
  };
  if (issue === undefined) return { ...row, issue_id: trimmed(textOf(data?.['issue_id']), LIMITS.label), project };
  return { ...row, ...issueColumns(issue, data, given) };
}

function issueColumns(issue: Fields, data: Fields | undefined, given: Given): SentryRow {
  const project = fieldsOf(issue['project']);
  const metadata = fieldsOf(issue['metadata']);
  const unhandled = issue['isUnhandled'];
  const details = {
    shortId: issue['shortId'],
    statusDetails: issue['statusDetails'],
    resolution_type: data?.['resolution_type'],
    issueCategory: issue['issueCategory'],
    priority: issue['priority'],
    count: issue['count'],
    userCount: issue['userCount'],
    lastSeen: issue['lastSeen'],
  };
  return {
    issue_id: given.issueId ?? trimmed(textOf(issue['id']), LIMITS.label),
    project: trimmed(textOf(project?.['slug']), LIMITS.name),
    project_id: given.projectId ?? trimmed(textOf(project?.['id']), LIMITS.label),
    status: trimmed(textOf(issue['status']), LIMITS.label),
    substatus: trimmed(textOf(issue['substatus']), LIMITS.label),
    first_seen: timeText(parseTime(issue['firstSeen'])),
    level: levelOf(issue['level']),
    platform: platformOf(issue),
    logger: trimmed(textOf(issue['logger']), LIMITS.label),
    title: trimmed(textOf(issue['title']), LIMITS.title),
    culprit: trimmed(textOf(issue['culprit']), LIMITS.name),
    type: trimmed(textOf(metadata?.['type']), LIMITS.host),
    value: trimmed(textOf(metadata?.['value']), LIMITS.text),
    handled: typeof unhandled === 'boolean' ? String(!unhandled) : undefined,
    contexts: boundedJson(details, DETAILS),
  };
}

/** Sentry called archiving ignoring until 2023. */
function actionOf(value: unknown): string | undefined {
  const action = textOf(value);
  return action === 'ignored' ? 'archived' : action === undefined ? undefined : trim(action, LIMITS.label);
}
