import type { EnvelopeItem } from '../envelope/read-envelope.ts';
import { hexId, sdkText } from '../event/fields.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { parseTime } from '../time.ts';

/** What the headers of an envelope say about one of its items, over what is known of the envelope. */
export function givenOfItem(headers: Fields, item: EnvelopeItem, given: Given): Given {
  const sent = parseTime(headers['sent_at']) / 1000;
  return {
    ...given,
    // What it says itself of its time is believed: it may have lain in a file since it was sent.
    format: 'envelope',
    itemType: item.type,
    eventId: hexId(headers['event_id']),
    projectId: given.projectId ?? /\/(\d{1,20})\/?$/.exec(textOf(headers['dsn']) ?? '')?.[1],
    sentAt: Number.isNaN(sent) ? given.sentAt : sent,
    sdk: sdkText(headers['sdk']) ?? given.sdk,
    // Those of the envelope, if it has any, are those of another item.
    hash: undefined,
    issueId: undefined,
    filename: textOf(item.headers['filename']),
    attachmentType: textOf(item.headers['attachment_type']),
    sampleRate: textOf(fieldsOf(headers['trace'])?.['sample_rate']),
  };
}
