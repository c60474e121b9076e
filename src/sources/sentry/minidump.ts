import { Refusal } from '../../rpc/http/refusal.ts';
import { parseJson } from '../../sentry/json.ts';
import { type Fields, fieldsOf } from '../../sentry/payload.ts';
import { boundaryOf, type Part, readParts } from './multipart.ts';
import { eventIdOf, type Item, newEventId, type Sender, type Submission } from './submission.ts';

const MINIDUMP = 'upload_file_minidump';

/** What crash reporters also send the dump packed in: gzip, zstd, xz, bzip2. It is kept as it came. */
const MAGICS = ['MDMP', '\x1f\x8b', '\x28\xb5\x2f\xfd', '\xfd7zXZ', 'BZh'];

/**
 * A crash: the dump by itself, or a form of the dump, further files and fields. The field `sentry` holds the event; the others become one
 * item `form_data`, a list of pairs, as with Relay.
 * @throws Refusal 400 without a dump
 */
export function ofMinidump(body: Buffer, contentType: string | undefined, sender: Sender): Submission {
  const boundary = boundaryOf(contentType);
  const parts = boundary === undefined ? [rawDump(body)] : readParts(body, boundary);
  const dump = parts.find(({ name }) => name === MINIDUMP);
  if (dump === undefined) throw new Refusal(400, 'missing minidump');
  const start = dump.bytes.toString('latin1', 0, 8);
  if (!MAGICS.some((magic) => start.startsWith(magic))) throw new Refusal(400, 'invalid minidump');
  const fields = parts.filter((part) => part !== dump && part.filename === undefined);
  const event = fields.find(({ name }) => name === 'sentry');
  const pairs = fields.filter((field) => field !== event).map(({ name, bytes }) => [name, bytes.toString('utf8')]);
  const items: Item[] = [];
  if (event !== undefined) items.push({ type: 'event', payload: event.bytes, headers: {} });
  for (const part of parts) if (part === dump || part.filename !== undefined) items.push(toAttachment(part));
  if (pairs.length > 0) items.push({ type: 'form_data', payload: Buffer.from(JSON.stringify(pairs)), headers: {} });
  return {
    project: sender.project,
    eventId: eventIdOf(event === undefined ? undefined : readEvent(event.bytes)?.['event_id']) ?? newEventId(),
    received: sender.received,
    sentAt: sender.sentAt,
    sdk: sender.client,
    items,
  };
}

function rawDump(bytes: Buffer): Part {
  return { name: MINIDUMP, filename: undefined, contentType: undefined, bytes };
}

function toAttachment({ name, filename, contentType, bytes }: Part): Item {
  const isDump = name === MINIDUMP;
  const headers: Fields = {
    filename: filename ?? 'minidump.dmp',
    attachment_type: isDump ? 'event.minidump' : 'event.attachment',
    content_type: contentType ?? (isDump ? 'application/x-dmp' : undefined),
  };
  return { type: 'attachment', payload: bytes, headers };
}

function readEvent(bytes: Buffer): Fields | undefined {
  try {
    return fieldsOf(parseJson(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}
