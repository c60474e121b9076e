import { hexId, storedHashOf, storedIssueOf } from '../sentry/event/fields.ts';
import { messageOf, titleOf } from '../sentry/event/words.ts';
import { type GroupedBy, group, issueIdOf } from '../sentry/grouping/index.ts';
import { exceptionsOf, type Fields } from '../sentry/payload.ts';

/** Why an event belongs to its issue; printed as it is with `--json`. */
export interface Explained {
  /** Which event of the file: `line 3`, `item 1`; empty where there is but one. */
  readonly place: string;
  readonly event_id: string | undefined;
  readonly title: string | undefined;
  /** What decided. */
  readonly by: GroupedBy;
  readonly variant: 'app' | 'system' | undefined;
  /** What was hashed, in order. */
  readonly inputs: readonly { readonly from: string; readonly text: string }[];
  /** By our own grouping. */
  readonly hash: string;
  /** What rows hold: Sentry's own id where the data has one, else ours. */
  readonly issue_id: string;
  /** What Sentry itself has stored with the event. */
  readonly sentry: { readonly issue_id: string | undefined; readonly hash: string | undefined } | undefined;
}

export function explainEvent(payload: Fields, place: string, eventId: unknown): Explained {
  const { hash, by, variant, inputs, origins } = group(payload);
  const raised = exceptionsOf(payload).at(-1);
  const issue = storedIssueOf(payload);
  const stored = storedHashOf(payload);
  return {
    place,
    event_id: hexId(payload['event_id']) ?? hexId(eventId),
    title: titleOf(payload, raised, messageOf(payload, raised)),
    by,
    variant,
    inputs: inputs.map((text, i) => ({ from: origins[i]!, text })),
    hash,
    issue_id: issue ?? issueIdOf(hash),
    sentry: issue === undefined && stored === undefined ? undefined : { issue_id: issue, hash: stored },
  };
}
