import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { Inputs } from './inputs.ts';

/** Reports that browsers send of themselves. */
export type SecurityKind = 'csp' | 'hpkp' | 'expect-ct' | 'expect-staple';

/** Where a report stands in an event of Sentry and in what browsers send. */
const PLACES: readonly [SecurityKind, readonly string[]][] = [
  ['csp', ['csp', 'csp-report', 'sentry.interfaces.Csp']],
  ['hpkp', ['hpkp']],
  ['expect-staple', ['expectstaple', 'expect-staple-report']],
  ['expect-ct', ['expectct', 'expect-ct-report']],
];

const LOCAL = "'self'";

/** What a security report says; `undefined` when the payload is none. */
export function groupByReport(payload: Fields): { readonly kind: SecurityKind; readonly inputs: Inputs } | undefined {
  for (const [kind, places] of PLACES) {
    for (const place of places) {
      const report = fieldsOf(payload[place]);
      if (report !== undefined) return { kind, inputs: kind === 'csp' ? ofPolicy(report) : ofHost(kind, report) };
    }
  }
  if (payload['type'] === 'csp-violation') {
    const body = fieldsOf(payload['body']);
    if (body !== undefined) return { kind: 'csp', inputs: ofPolicy(body) };
  }
  return undefined;
}

function ofHost(kind: SecurityKind, report: Fields): Inputs {
  const inputs = new Inputs();
  inputs.add(kind, 'kind of report');
  const host = textOf(report['hostname']);
  if (host !== undefined) inputs.add(host, 'host');
  return inputs;
}

/** The directive, and the kind of the violation by the page itself or the host that was blocked. */
function ofPolicy(report: Fields): Inputs {
  const inputs = new Inputs();
  const violated = any(report, 'violated_directive', 'violated-directive', 'violatedDirective');
  const directive =
    any(report, 'effective_directive', 'effective-directive', 'effectiveDirective') ?? violated?.split(' ', 1)[0];
  if (directive !== undefined) inputs.add(directive, 'directive');
  const blocked = blockedHost(any(report, 'blocked_uri', 'blocked-uri', 'blockedURL') ?? '');
  const local = blocked === LOCAL && directive === 'script-src' ? localKind(violated ?? '') : undefined;
  if (local !== undefined) inputs.add(local, 'local violation');
  else inputs.add(blocked, 'what was blocked');
  return inputs;
}

function localKind(violated: string): string | undefined {
  return ["'unsafe-inline'", "'unsafe-eval'"].find((kind) => violated.includes(kind));
}

/** The host of an address of the web, the scheme of another, a key word as it is. */
function blockedHost(uri: string): string {
  if (uri === '' || uri === 'self' || uri === LOCAL) return LOCAL;
  const [, scheme, host] = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):(?:\/\/([^/?#\s]{0,255}))?/.exec(uri) ?? [];
  if (scheme === undefined) return uri.slice(0, 255);
  return host === undefined || host === '' ? scheme.toLowerCase() : host.toLowerCase();
}

function any(report: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = textOf(report[name]);
    if (text !== undefined) return text;
  }
  return undefined;
}
