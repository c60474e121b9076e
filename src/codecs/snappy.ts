import { compress } from 'snappy';
import type { Codec } from '../component/codec.ts';
import { compressBlocks } from './hadoop-blocks.ts';

const BUFFER = 256 * 1024;
/** What Hadoop leaves for a block that grows: a sixth and 32 bytes. */
const BLOCK = BUFFER - Math.floor(BUFFER / 6) - 32;

/** Snappy in Hadoop's framing. */
export const snappy: Codec = {
  name: 'snappy',
  hadoopClass: 'org.apache.hadoop.io.compress.SnappyCodec',
  extension: '.snappy',
  // Memory that the library owns does not count for V8's collector: the copy saves 40 MB of RSS and costs no time that shows.
  compress: (unit) => compressBlocks(unit, BLOCK, (raw) => compress(raw, { copyOutputData: true })),
};
