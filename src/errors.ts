/**
 * The one table of errors. Every failure that an operator can meet has a code here, with what it means for the
 * caller (try again, or not) and what the operator can do. Components throw `SluiceError` with a code of this table and
 * a detail that names what and where.
 */

/** What the caller does next: `retryable` = back off and try again; `permanent` = the same call can never succeed. */
export type ErrorKind = 'retryable' | 'permanent';

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** What happened, in general; the detail of the single error follows it. */
  readonly message: string;
  /** What the operator can do about it. */
  readonly action: string;
}

export const ERROR_TABLE = {
  USAGE: { kind: 'permanent', message: 'Wrong usage', action: 'See `sluice --help`.' },
  CONFIG_INVALID: {
    kind: 'permanent',
    message: 'The configuration is not valid',
    action: 'Correct the places named; `sluice check` lists them all.',
  },
  CONFIG_UNREADABLE: {
    kind: 'permanent',
    message: 'The configuration cannot be read',
    action: 'Check the path given with -f and its permissions.',
  },
  STATE_UNUSABLE: {
    kind: 'permanent',
    message: 'The state directory cannot be used',
    action: 'Make it writable for this user or name another with --state-dir.',
  },
  ADDRESS_IN_USE: {
    kind: 'retryable',
    message: 'The address is in use',
    action: 'Stop the other listener (`ss -ltnp` shows it) or configure another port.',
  },
  ADDRESS_UNUSABLE: {
    kind: 'retryable',
    message: 'The address cannot be listened on',
    action: 'Check `bind` and `port`; ports below 1024 need a privilege.',
  },
  TLS_SETTINGS: {
    kind: 'permanent',
    message: 'The TLS settings cannot be used',
    action: 'Check the key or trust store, its type and its password.',
  },
  CHANNEL_FULL: {
    kind: 'retryable',
    message: 'The channel has no room',
    action: 'The sink behind it is too slow or stalled: see its errors, or raise the capacity.',
  },
  CONNECTION_FAILED: {
    kind: 'retryable',
    message: 'The peer cannot be reached',
    action: 'Check that it runs and listens at this address.',
  },
  CONNECTION_LOST: {
    kind: 'retryable',
    message: 'The connection to the peer was lost',
    action: 'Nothing: what was not acknowledged is sent again.',
  },
  PEER_TIMEOUT: {
    kind: 'retryable',
    message: 'The peer did not answer in time',
    action: 'See why the peer is slow, or raise the time-out.',
  },
  PEER_REFUSED: {
    kind: 'retryable',
    message: 'The peer did not accept the events',
    action: 'See the log of the peer.',
  },
  PROTOCOL: {
    kind: 'retryable',
    message: 'The peer does not speak the protocol',
    action: 'Check that both ends agree in protocol, compression and TLS.',
  },
  TOO_LARGE: {
    kind: 'permanent',
    message: 'A limit was exceeded',
    action: 'Raise the limit named, if the input is legitimate.',
  },
  FILE_NOT_FOUND: { kind: 'permanent', message: 'No such file', action: 'Check the path.' },
  FILE_EXISTS: { kind: 'permanent', message: 'The file exists already', action: 'Move it away.' },
  PERMISSION_DENIED: {
    kind: 'retryable',
    message: 'Permission denied',
    action: 'Give the user of the agent access; it goes on by itself.',
  },
  NO_SPACE: {
    kind: 'retryable',
    message: 'There is no room left',
    action: 'Make room or raise the quota; it goes on by itself.',
  },
  FILE_SYSTEM: {
    kind: 'retryable',
    message: 'The file system failed',
    action: 'See the detail and the log of the file system.',
  },
  FILE_SYSTEM_BUSY: {
    kind: 'retryable',
    message: 'The file system is not ready for this',
    action: 'Nothing: it is tried again (safe mode, standby, lease held or recovery under way).',
  },
  EVENT_UNUSABLE: {
    kind: 'retryable',
    message: 'An event cannot be written as configured',
    action: 'Give it what is missing (for a time escape: the timestamp interceptor or hdfs.useLocalTimeStamp = true).',
  },
  COMMAND_FAILED: {
    kind: 'retryable',
    message: 'The command failed',
    action: 'Run it by hand as the user of the agent.',
  },
  PACKAGE_MISSING: {
    kind: 'permanent',
    message: 'An optional package is not installed',
    action: 'Install it beside sluice with npm.',
  },
  INTERNAL: { kind: 'permanent', message: 'Internal error', action: 'Please report it with the log.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** An error of the table above. `message` reads "<what happened>: <detail>"; `cause` keeps the original. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, cause?: unknown) {
    super(`${ERROR_TABLE[code].message}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'SluiceError';
    this.code = code;
    this.detail = detail;
  }

  get retryable(): boolean {
    return ERROR_TABLE[this.code].kind === 'retryable';
  }

  /** What the operator can do. */
  get action(): string {
    return ERROR_TABLE[this.code].action;
  }
}

/** Whether trying the same again can help. Errors that are not of the table are given the benefit of the doubt. */
export function isRetryable(error: unknown): boolean {
  return error instanceof SluiceError ? error.retryable : true;
}

/** One line for a log: the message, and the causes behind it. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 5; depth++) {
    const text = current instanceof Error ? current.message || current.name : String(current);
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(' <- ');
}

/** The error codes of Node's file and socket calls as errors of the table; `what` names the thing and the deed. */
export function fromSystemError(error: unknown, what: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known: Record<string, ErrorCode> = {
    ENOENT: 'FILE_NOT_FOUND',
    EEXIST: 'FILE_EXISTS',
    EACCES: 'PERMISSION_DENIED',
    EPERM: 'PERMISSION_DENIED',
    EROFS: 'PERMISSION_DENIED',
    ENOSPC: 'NO_SPACE',
    EDQUOT: 'NO_SPACE',
    EADDRINUSE: 'ADDRESS_IN_USE',
    EADDRNOTAVAIL: 'ADDRESS_UNUSABLE',
    ECONNREFUSED: 'CONNECTION_FAILED',
    EHOSTUNREACH: 'CONNECTION_FAILED',
    ENETUNREACH: 'CONNECTION_FAILED',
    ENOTFOUND: 'CONNECTION_FAILED',
    EAI_AGAIN: 'CONNECTION_FAILED',
    ETIMEDOUT: 'PEER_TIMEOUT',
    ECONNRESET: 'CONNECTION_LOST',
    EPIPE: 'CONNECTION_LOST',
  };
  return new SluiceError((code !== undefined && known[code]) || 'FILE_SYSTEM', what, error);
}
