import { zstdCompress } from 'node:zlib';
import type { Codec } from '../component/codec.ts';
import { compressWith } from './zlib-unit.ts';

/** Zstandard: each unit is a frame of its own, level 3 as Hadoop's. */
export const zstandard: Codec = {
  name: 'zstandard',
  hadoopClass: 'org.apache.hadoop.io.compress.ZStandardCodec',
  extension: '.zst',
  compress: compressWith(zstdCompress),
};
