import { type Fields, fieldsOf, isFields, textOf } from '../payload.ts';
import { blockedHost, cspCulprit, cspMessage } from './csp-words.ts';

/**
 * Reports that browsers make by themselves, as the events that Relay makes of them: of content security policies (the old form and that of the
 * Reporting API), pinned keys, certificate transparency, stapling, and of failed requests (NEL).
 */

/** The reports in a body: one, or a list of them. */
export function reportsOf(value: unknown): readonly Fields[] {
  if (Array.isArray(value)) return value.filter(isFields);
  return isFields(value) ? [value] : [];
}

/** The event of a report; what is none of these is taken for an event that Sentry has stored. */
export function securityEvent(report: Fields): Fields {
  const body = fieldsOf(report['body']);
  if (report['type'] === 'network-error' && body !== undefined) return networkError(report, body);
  const csp = fieldsOf(report['csp-report']) ?? (report['type'] === 'csp-violation' ? body : undefined);
  if (csp !== undefined) return cspEvent(csp);
  const transparency = fieldsOf(report['expect-ct-report']);
  if (transparency !== undefined) return hostEvent('expectct', 'Expect-CT failed for', transparency);
  const stapling = fieldsOf(report['expect-staple-report']);
  if (stapling !== undefined) return hostEvent('expectstaple', 'Expect-Staple failed for', stapling);
  if ('known-pins' in report) return hostEvent('hpkp', 'Public key pinning validation failed for', report);
  return report;
}

/** A field of a CSP report by its names in the three forms. */
function cspField(csp: Fields, name: string, ofApi: string): string | undefined {
  return textOf(csp[name]) ?? textOf(csp[name.replaceAll('-', '_')]) ?? textOf(csp[ofApi]);
}

function cspEvent(csp: Fields): Fields {
  const violated = cspField(csp, 'violated-directive', 'violatedDirective');
  const effective = (cspField(csp, 'effective-directive', 'effectiveDirective') ?? violated ?? '').split(' ')[0];
  const blocked = cspField(csp, 'blocked-uri', 'blockedURL') ?? 'self';
  const address = cspField(csp, 'document-uri', 'documentURL');
  return {
    type: 'csp',
    logentry: { formatted: cspMessage(effective, blocked) },
    culprit: cspCulprit(violated, address ?? ''),
    tags: { 'effective-directive': effective, 'blocked-uri': blocked, 'blocked-host': blockedHost(blocked) },
    request: { url: address },
    csp: {
      effective_directive: effective,
      blocked_uri: blocked,
      document_uri: address,
      violated_directive: violated ?? '',
    },
  };
}

/** A report about the certificate of a host. */
function hostEvent(type: string, said: string, report: Fields): Fields {
  const hostname = textOf(report['hostname']) ?? '';
  const port = textOf(report['port']);
  return {
    type,
    timestamp: report['date-time'],
    logentry: { formatted: `${said} '${hostname}'` },
    culprit: hostname,
    tags: { hostname, port },
    [type]: { hostname, port },
  };
}

/** A request that failed below HTTP or with a status; `ok` is a sample of those that did not. */
function networkError(report: Fields, body: Fields): Fields {
  const url = textOf(report['url']);
  const type = textOf(body['type']) ?? 'unknown';
  const phase = textOf(body['phase']);
  return {
    type: 'nel',
    level: type === 'ok' ? 'info' : 'error',
    logentry: { formatted: phase === undefined ? type : `${type} (${phase})` },
    culprit: url,
    tags: {
      type,
      phase,
      status_code: body['status_code'],
      method: body['method'],
      protocol: body['protocol'],
      server_ip: body['server_ip'],
      sampling_fraction: textOf(body['sampling_fraction']),
      elapsed_time: body['elapsed_time'],
    },
    request: { url },
  };
}
