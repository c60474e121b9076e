import type { CheckpointPart } from './checkpoint.ts';
import type { FileSystem } from './file-system.ts';

/**
 * Where components write their log lines: one line for each change of state, none for each event. `debug` costs even when it is
 * off; ask `isDebug` first where it may be called often.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  readonly isDebug: boolean;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Time as components see it, so that tests can use their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
  /** Resolves after `ms`, or at once (never rejects) when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface LocalHost {
  /** The machine's own name. */
  readonly name: string;
  /** The address that the name resolves to. */
  readonly address: string;
  /** The name that the address resolves to. */
  readonly canonicalName: string;
}

/** What an agent lends to each of its components. */
export interface ComponentContext {
  /** The agent's name. */
  readonly agent: string;
  /** The component's name in the configuration. */
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** A folder for this agent's own state; it exists and is writable. A component makes a folder of its own in it. */
  readonly stateDir: string;
  /** The component's part in the agent's checkpoint. */
  readonly checkpoint: CheckpointPart;
  /** The home folder of the user, for Flume's defaults below `~/.flume`. */
  readonly homeDir: string;
  /** This machine, as Java's InetAddress.getLocalHost() sees it; looked up once at start. */
  readonly host: LocalHost;
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Java system properties given with -D. */
  readonly systemProperties: ReadonlyMap<string, string>;
  /**
   * The file system of a URL or path (`file:`, `webhdfs:`, no scheme: `fs.defaultFS`), opened once for an agent, and the path in it.
   * @throws SluiceError CONFIG_INVALID for a scheme that is not known
   */
  fileSystem(url: string): { readonly fileSystem: FileSystem; readonly path: string };
}
