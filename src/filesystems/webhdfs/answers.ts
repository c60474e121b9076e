import { type ErrorCode, SluiceError } from '../../errors.ts';
import type { Answer } from './http.ts';

/** What Hadoop's exceptions mean for the caller. They mostly come with status 403, so that the name alone decides. */
const EXCEPTIONS: Readonly<Record<string, ErrorCode>> = {
  StandbyException: 'FILE_SYSTEM_BUSY',
  RetriableException: 'FILE_SYSTEM_BUSY',
  SafeModeException: 'FILE_SYSTEM_BUSY',
  AlreadyBeingCreatedException: 'FILE_SYSTEM_BUSY',
  RecoveryInProgressException: 'FILE_SYSTEM_BUSY',
  ReplicaNotFoundException: 'FILE_SYSTEM_BUSY',
  // A DataNode or gateway that does not reach the NameNode, or reached it before it was restarted.
  ConnectException: 'FILE_SYSTEM_BUSY',
  ConnectTimeoutException: 'FILE_SYSTEM_BUSY',
  SocketTimeoutException: 'FILE_SYSTEM_BUSY',
  NoRouteToHostException: 'FILE_SYSTEM_BUSY',
  EOFException: 'FILE_SYSTEM_BUSY',
  FileAlreadyExistsException: 'FILE_EXISTS',
  FileNotFoundException: 'FILE_NOT_FOUND',
  AccessControlException: 'PERMISSION_DENIED',
  AuthorizationException: 'PERMISSION_DENIED',
  SecurityException: 'PERMISSION_DENIED',
  InvalidToken: 'PERMISSION_DENIED',
  NSQuotaExceededException: 'NO_SPACE',
  DSQuotaExceededException: 'NO_SPACE',
  QuotaByStorageTypeExceededException: 'NO_SPACE',
  DiskOutOfSpaceException: 'NO_SPACE',
};

/** IOExceptions that only their text tells apart. */
const TEXTS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^Failed to find datanode/, 'FILE_SYSTEM_BUSY'],
  [/could only be (written|replicated) to 0 /, 'FILE_SYSTEM_BUSY'],
  [/is in safe mode/i, 'FILE_SYSTEM_BUSY'],
  // A rename of a file onto a folder.
  [/must both be directories/, 'FILE_EXISTS'],
];

/** The longest text taken over from a server. */
const TEXT_LIMIT = 400;

/** Whether a server refused an operation because it does not know it. */
export function isUnknownOperation(error: unknown): boolean {
  return error instanceof WebHdfsError && /^(IllegalArgument|UnsupportedOperation)/.test(error.exception);
}

/** An error of a WebHDFS server, with the exception's simple name (`SafeModeException`), empty when it was none of Hadoop's. */
export class WebHdfsError extends SluiceError {
  readonly exception: string;

  constructor(code: ErrorCode, detail: string, exception: string) {
    super(code, detail);
    this.exception = exception;
  }
}

function printable(text: string): string {
  // Through a DataNode a whole stack trace follows the first line.
  const line = text
    .split('\n', 1)[0]
    .replace(/[\x00-\x1f\x7f]/g, ' ')
    .trim();
  return line.length > TEXT_LIMIT ? `${line.slice(0, TEXT_LIMIT)}…` : line;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** The error that an answer of status 300 and above stands for. `what`: operation, path and host. */
export function errorOf(answer: Answer, what: string): WebHdfsError {
  const remote = field(parse(answer.body), 'RemoteException');
  const exception = field(remote, 'exception');
  if (typeof exception === 'string') {
    const message = field(remote, 'message');
    const text = printable(typeof message === 'string' ? message : '');
    const code = EXCEPTIONS[exception] ?? TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'FILE_SYSTEM';
    return new WebHdfsError(code, `${what}: ${printable(exception)}: ${text}`, exception);
  }
  return new WebHdfsError(...withoutException(answer, what), '');
}

function withoutException({ status, headers, body }: Answer, what: string): [ErrorCode, string] {
  if (status === 401) {
    const kerberos = /negotiate/i.test(String(headers['www-authenticate'] ?? ''));
    const wanted = kerberos ? 'the server asks for Kerberos' : 'the server asks for a login';
    return ['PERMISSION_DENIED', `${what}: ${wanted} (401)`];
  }
  if (body.includes('Hadoop IPC port')) {
    return ['PROTOCOL', `${what}: this is the RPC port; WebHDFS is at the HTTP port (9870 by default)`];
  }
  const told = printable(body.toString('latin1', 0, 4096).replace(/<[^>]*>|\s+/g, ' '));
  const text = `${what}: status ${status}${told === '' ? '' : `, not of WebHDFS: ${told}`}`;
  if (status === 403) return ['PERMISSION_DENIED', text];
  if (status === 404) return ['PROTOCOL', `${text} (is this the NameNode's HTTP port, and WebHDFS on?)`];
  if (status === 429 || status === 502 || status === 503 || status === 504) return ['FILE_SYSTEM_BUSY', text];
  return [status >= 500 ? 'FILE_SYSTEM' : 'PROTOCOL', text];
}

/** The field `name` of a JSON answer. */
export function fieldOf(answer: Answer, name: string, what: string): unknown {
  return memberOf(parse(answer.body), name, what);
}

/** The field `name` of a part of an answer. */
export function memberOf(value: unknown, name: string, what: string): unknown {
  const found = field(value, name);
  if (found === undefined) throw new SluiceError('PROTOCOL', `${what}: the answer has no ${name}`);
  return found;
}

/** A non-negative whole number out of an answer. */
export function numberOf(value: unknown, name: string, what: string): number {
  const number = field(value, name);
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new SluiceError('PROTOCOL', `${what}: the answer has no usable ${name}`);
}

/** A text out of an answer. */
export function textOf(value: unknown, name: string, what: string): string {
  const text = field(value, name);
  if (typeof text === 'string') return text;
  throw new SluiceError('PROTOCOL', `${what}: the answer has no ${name}`);
}

/** A truth value out of an answer; anything else is false. */
export function flagOf(value: unknown, name: string): boolean {
  return field(value, name) === true;
}
