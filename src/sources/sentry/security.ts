import { Refusal } from '../../rpc/http/refusal.ts';
import { parseJson } from '../../sentry/json.ts';
import { type Fields, isFields, jsonText, textOf } from '../../sentry/payload.ts';
import { type Item, newEventId, type Sender, type Submission } from './submission.ts';

/** A browser sends some reports at a time. */
const MOST_REPORTS = 100;

const NO_HEADERS: Fields = {};

/**
 * Reports that a browser makes: of a broken Content-Security-Policy and its older relatives, and of failed requests (NEL). A lone report is kept as it
 * came; of a list, each is an item of its own.
 * @param query of the URL: `sentry_release`, `sentry_environment`
 * @throws Refusal 400 for what is no report
 */
export function ofReports(payload: Buffer, sender: Sender, query: string, nel: boolean): Submission {
  if (payload.length === 0) throw new Refusal(400, 'empty request body');
  const params = new URLSearchParams(query);
  return {
    project: sender.project,
    eventId: undefined,
    received: sender.received,
    sentAt: sender.sentAt,
    sdk: sender.client,
    items: itemsOf(payload, nel),
    release: textOf(params.get('sentry_release'))?.slice(0, 200),
    environment: textOf(params.get('sentry_environment'))?.slice(0, 64),
  };
}

function itemsOf(payload: Buffer, nel: boolean): Item[] {
  let value: unknown;
  try {
    value = parseJson(payload.toString('utf8'));
  } catch {
    throw new Refusal(400, 'the report is not JSON');
  }
  if (!Array.isArray(value)) return [itemOf(value, payload, nel)];
  if (value.length === 0 || value.length > MOST_REPORTS) {
    throw new Refusal(400, `a list of 1 to ${MOST_REPORTS} reports is taken`);
  }
  return value.map((report) => {
    const text = jsonText(report);
    if (text === undefined) throw new Refusal(400, 'a report is nested too deep');
    return itemOf(report, Buffer.from(text), nel);
  });
}

function itemOf(report: unknown, payload: Buffer, nel: boolean): Item {
  const type = isFields(report) ? (nel ? 'nel' : typeOf(report)) : undefined;
  if (type === undefined) throw new Refusal(400, 'this is no security report');
  return { type, payload, headers: NO_HEADERS, eventId: newEventId() };
}

/** By the one field that only reports of a type have, as Relay does. */
function typeOf(report: Fields): string | undefined {
  if ('csp-report' in report || report['type'] === 'csp-violation') return 'csp';
  if ('expect-ct-report' in report) return 'expectct';
  if ('expect-staple-report' in report) return 'expectstaple';
  if ('known-pins' in report || 'noted-hostname' in report) return 'hpkp';
  return report['type'] === 'network-error' ? 'nel' : undefined;
}
