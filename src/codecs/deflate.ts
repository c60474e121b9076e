import { deflate as zlibDeflate } from 'node:zlib';
import type { Codec } from '../component/codec.ts';
import { compressWith } from './zlib-unit.ts';

/** What Hadoop calls deflate: the zlib format (RFC 1950), level 6 as Java's. */
export const deflate: Codec = {
  name: 'deflate',
  hadoopClass: 'org.apache.hadoop.io.compress.DeflateCodec',
  extension: '.deflate',
  compress: compressWith(zlibDeflate),
};

/** The same under Hadoop's older name; SequenceFiles tell the two apart. */
export const defaultCodec: Codec = {
  ...deflate,
  name: 'default',
  hadoopClass: 'org.apache.hadoop.io.compress.DefaultCodec',
};
