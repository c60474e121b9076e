import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { Inputs } from './inputs.ts';

/** Reports that browsers send of themselves. */
export type SecurityKind = 'csp' | 'hpkp' | 'expect-ct' | 'expect-staple';

/** Where the report stands in the event that was made of it. */
const PLACES: readonly [SecurityKind, readonly string[]][] = [
  ['csp', ['csp', 'sentry.interfaces.Csp']],
  ['hpkp', ['hpkp']],
  ['expect-staple', ['expectstaple']],
  ['expect-ct', ['expectct']],
];

const LOCAL = "'self'";

/** What a security report says; `undefined` when the event is of none. */
export function groupByReport(payload: Fields): { readonly kind: SecurityKind; readonly inputs: Inputs } | undefined {
  for (const [kind, places] of PLACES) {
    for (const place of places) {
      const report = fieldsOf(payload[place]);
      if (report !== undefined) return { kind, inputs: kind === 'csp' ? ofPolicy(report) : ofHost(kind, report) };
    }
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
  const violated = textOf(report['violated_directive']);
  const directive = textOf(report['effective_directive']) ?? violated?.split(' ', 1)[0];
  if (directive !== undefined) inputs.add(directive, 'directive');
  const blocked = blockedSource(textOf(report['blocked_uri']) ?? '');
  const local = blocked === LOCAL && directive === 'script-src' ? localKind(violated ?? '') : undefined;
  if (local !== undefined) inputs.add(local, 'kind of local violation');
  else inputs.add(blocked, 'what was blocked');
  return inputs;
}

function localKind(violated: string): string | undefined {
  return ["'unsafe-inline'", "'unsafe-eval'"].find((kind) => violated.includes(kind));
}

/** The host of an address, the scheme of one without, a key word such as `inline` as it is. */
function blockedSource(uri: string): string {
  if (uri === '' || uri === 'self' || uri === LOCAL) return LOCAL;
  const [, scheme, host] = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):(?:\/\/([^/?#\s]{0,255}))?/.exec(uri) ?? [];
  if (scheme === undefined) return uri.slice(0, 255);
  return (host === undefined || host === '' ? scheme : host).toLowerCase();
}
