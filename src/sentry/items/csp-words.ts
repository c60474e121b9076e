/** How Sentry calls violations of a content security policy. */

/** A directive: what is said of a source that was blocked, up to its name, and of one in the document itself. */
const WORDS: { readonly [directive: string]: readonly [string, string] } = {
  'child-src': ["Blocked 'child' from", "Blocked inline 'child'"],
  'connect-src': ["Blocked 'connect' from", "Blocked inline 'connect'"],
  'font-src': ["Blocked 'font' from", "Blocked inline 'font'"],
  'form-action': ["Blocked 'form' action to", "Blocked inline 'form-action'"],
  'img-src': ["Blocked 'image' from", "Blocked inline 'image'"],
  'manifest-src': ["Blocked 'manifest' from", "Blocked inline 'manifest'"],
  'media-src': ["Blocked 'media' from", "Blocked inline 'media'"],
  'object-src': ["Blocked 'object' from", "Blocked inline 'object'"],
  'script-src': ["Blocked 'script' from", "Blocked unsafe (eval() or inline) 'script'"],
  'script-src-attr': ['Blocked inline script attribute from', "Blocked unsafe 'script' element"],
  'script-src-elem': ["Blocked 'script' from", 'Blocked inline script attribute'],
  'style-src': ["Blocked 'style' from", "Blocked inline 'style'"],
  'style-src-attr': ['Blocked style attribute from', 'Blocked style attribute'],
  'style-src-elem': ["Blocked 'style' from", "Blocked 'style' or 'link' element"],
};

/** What was blocked, as the message of the event. */
export function cspMessage(directive: string, blocked: string): string {
  if (directive === 'script-src' && blocked === 'inline') return "Blocked unsafe inline 'script'";
  if (directive === 'script-src' && blocked === 'eval') return "Blocked unsafe eval() 'script'";
  const words = Object.hasOwn(WORDS, directive)
    ? WORDS[directive]
    : [`Blocked '${directive}' from`, `Blocked inline '${directive}'`];
  return isLocal(blocked) ? words[1] : `${words[0]} '${originOf(blocked)}'`;
}

/** The directive with its sources, the origin of the document written as 'self'. */
export function cspCulprit(violated: string | undefined, address: string): string | undefined {
  if (violated === undefined) return undefined;
  const own = originOf(address);
  const [directive, ...sources] = violated.slice(0, 2048).split(/\s+/).filter(Boolean);
  return [directive, ...sources.map((source) => (source === own || originOf(source) === own ? "'self'" : source))].join(
    ' ',
  );
}

/** The host of a source that was blocked, where it is one of the web. */
export function blockedHost(blocked: string): string | undefined {
  const url = urlOf(blocked);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.hostname : undefined;
}

function isLocal(uri: string): boolean {
  return uri === '' || uri === 'self' || uri === "'self'";
}

/** Host and port of an address of the web, scheme and host of others; what is neither stays. */
function originOf(uri: string): string {
  if (isLocal(uri)) return "'self'";
  // Often nothing but the scheme is reported: data, blob.
  if (/^[a-z][a-z+.-]*$/.test(uri)) return uri === 'http' || uri === 'https' ? `${uri}://` : `${uri}:`;
  const url = urlOf(uri);
  if (url === null) return uri;
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.host;
  return url.host === '' ? url.protocol : `${url.protocol}//${url.host}`;
}

function urlOf(uri: string): URL | null {
  return URL.canParse(uri) ? new URL(uri) : null;
}
