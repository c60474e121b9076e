import { gzip as zlibGzip } from 'node:zlib';
import type { Codec } from '../component/codec.ts';
import { compressWith } from './zlib-unit.ts';

/** gzip: each unit is a member of its own, level 6 as Java's. */
export const gzip: Codec = {
  name: 'gzip',
  hadoopClass: 'org.apache.hadoop.io.compress.GzipCodec',
  extension: '.gz',
  compress: compressWith(zlibGzip),
};
