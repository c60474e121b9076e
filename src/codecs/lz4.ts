import { compress } from 'lz4-napi';
import type { Codec } from '../component/codec.ts';
import { compressBlocks } from './hadoop-blocks.ts';

const BUFFER = 256 * 1024;
/** What Hadoop leaves for a block that grows: a 255th and 16 bytes. */
const BLOCK = BUFFER - Math.floor(BUFFER / 255) - 16;

/** LZ4 in Hadoop's framing. */
export const lz4: Codec = {
  name: 'lz4',
  hadoopClass: 'org.apache.hadoop.io.compress.Lz4Codec',
  extension: '.lz4',
  // The library puts the raw length in front of the block, which Hadoop's framing has already.
  compress: (unit) => compressBlocks(unit, BLOCK, async (raw) => (await compress(raw)).subarray(4)),
};
