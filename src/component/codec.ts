/**
 * A compression codec as Hadoop names it. It compresses whole units: the bytes between two flushes become one member (a
 * gzip member, a zstd frame, a run of Hadoop blocks) that can be read behind any other.
 */
export interface Codec {
  /** The name in a configuration, in lower case: gzip, bzip2, snappy, lz4, deflate, default, zstandard. */
  readonly name: string;
  /** Hadoop's class, for SequenceFile headers and as a name in the configuration. */
  readonly hadoopClass: string;
  /** With the dot: `.gz`. */
  readonly extension: string;
  /** Compresses off the main thread where it can. Several calls may be under way; each result stands for itself. */
  compress(unit: readonly Buffer[]): Promise<readonly Buffer[]>;
  /** An optional package that it cannot work without. */
  readonly needsPackage?: string;
  /** What Hadoop's writer puts at the end of a compressed file, behind the last unit. Not needed to read it. */
  readonly end?: Buffer;
}
