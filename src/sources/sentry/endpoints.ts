/** What an endpoint takes. */
export type EndpointKind = 'envelope' | 'store' | 'security' | 'nel' | 'minidump' | 'tunnel' | 'health';

export interface Endpoint {
  readonly kind: EndpointKind;
  /** The number of the project; `undefined` where the key or the envelope says it. */
  readonly project: string | undefined;
}

const BY_PROJECT: Readonly<Record<string, EndpointKind | undefined>> = {
  envelope: 'envelope',
  store: 'store',
  security: 'security',
  'csp-report': 'security',
  nel: 'nel',
  minidump: 'minidump',
};

/** Where Sentry, Relay and their load balancers are asked whether they live. */
const HEALTH: ReadonlySet<string> = new Set([
  '/_health',
  '/api/0/relays/live',
  '/api/relay/healthcheck/live',
  '/api/relay/healthcheck/ready',
]);

const MOST_PARTS = 32;

/**
 * The endpoint that a path means; slashes may be doubled, or missing at the end, and anything may stand before `/api/`, as in a DSN with a path. Nothing of
 * the path but digits is ever used.
 * @param tunnels further paths that take envelopes, as `plainPath` writes them
 * @returns `undefined` where there is none, `invalid-project` where there would be one
 */
export function endpointOf(path: string, tunnels: ReadonlySet<string>): Endpoint | 'invalid-project' | undefined {
  const parts = path.split('/', MOST_PARTS).filter((part) => part !== '');
  const count = parts.length;
  const kind = Object.hasOwn(BY_PROJECT, parts[count - 1] ?? '') ? BY_PROJECT[parts[count - 1]!] : undefined;
  if (kind !== undefined && parts[count - 3] === 'api') {
    const project = projectNumber(parts[count - 2]!);
    return project === undefined ? 'invalid-project' : { kind, project };
  }
  if (kind === 'store' && parts[count - 2] === 'api') return { kind, project: undefined };
  const plain = `/${parts.join('/')}`;
  if (tunnels.has(plain)) return { kind: 'tunnel', project: undefined };
  return HEALTH.has(plain) ? { kind: 'health', project: undefined } : undefined;
}

/** A path with one slash between its parts and none at the end. */
export function plainPath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '')
    .join('/')}`;
}

/** The number of a project without zeros before it, or `undefined` for what is none. */
export function projectNumber(text: string): string | undefined {
  return /^0*([1-9]\d{0,18})$/.exec(text)?.[1];
}
