import type { Clock, Logger } from './context.ts';

/**
 * A file system for sinks: local, WebHDFS, HDFS. Paths are absolute, with `/`. All calls may overlap; calls on one open file are made by one
 * writer in order, except that `write` may be called while a `flush` is under way.
 *
 * Errors are SluiceErrors: FILE_NOT_FOUND, FILE_EXISTS, PERMISSION_DENIED, NO_SPACE, FILE_SYSTEM_BUSY (safe mode, standby, lease held: try
 * again), CONNECTION_*, PEER_TIMEOUT, FILE_SYSTEM.
 */
export interface FileSystem {
  /** For log lines: `file:///`, `webhdfs://namenode:9870/`. Never with a secret. */
  readonly url: string;
  /** Makes a new, empty file and the folders above it. Rejects with FILE_EXISTS rather than destroy one. */
  create(path: string): Promise<OutputFile>;
  /** Opens an existing file to write on at its end. */
  append(path: string): Promise<OutputFile>;
  /** Cuts a file that nobody writes to; resolves when it can be appended to again. */
  truncate(path: string, length: number): Promise<void>;
  /** Renames a file; rejects with FILE_EXISTS if the target is there, FILE_NOT_FOUND if the source is not. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it. Resolves false when there was none. */
  remove(path: string): Promise<boolean>;
  /** What lies there, or `undefined`. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** The entries of a folder, by name. */
  list(path: string): Promise<readonly FileStatus[]>;
  /** Makes a folder and those above it; fine when it exists. */
  mkdirs(path: string): Promise<void>;
  /** Reads a part of a file; shorter at its end. For verification and recovery, not for speed. */
  read(path: string, offset: number, length: number): Promise<Buffer>;
  /** Closes connections; open files are given up. */
  close(): Promise<void>;
}

export interface FileStatus {
  /** The last part of the path. */
  readonly name: string;
  readonly directory: boolean;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Stays with the file when it is renamed, and no other has it as long as it exists; where the file system tells. */
  readonly id?: string;
}

/** A file being written. After any rejection the file is in doubt: only `abandon` may be called. */
export interface OutputFile {
  readonly path: string;
  /** Bytes given to `write` so far, plus what the file held when it was opened. */
  readonly length: number;
  /**
   * Takes bytes over, in the order of the calls; the Buffers must not change afterwards. Resolves when the file can take more, which is
   * the back-pressure; durable they are only after `flush`.
   */
  write(chunks: readonly Buffer[]): Promise<void>;
  /**
   * Makes everything written before the call durable (fdatasync; a closed PUT or APPEND; hsync).
   * @returns the length up to which the file is durable
   */
  flush(): Promise<number>;
  /** Flushes and closes. */
  close(): Promise<void>;
  /** Closes what can be closed without flushing; never rejects. */
  abandon(): Promise<void>;
}

/** What file systems need from the agent. */
export interface FileSystemContext {
  /** Hadoop's configuration (core-site.xml, hdfs-site.xml), flat. */
  readonly hadoop: ReadonlyMap<string, string>;
  /** The user that Hadoop shall see. */
  readonly user: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A file system by URL scheme. */
export interface FileSystemDeclaration {
  readonly schemes: readonly string[];
  /** @param url scheme and authority, without a path: `webhdfs://namenode:9870` */
  open(url: URL, context: FileSystemContext): FileSystem;
}
