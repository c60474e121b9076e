import type { Codec } from '../component/codec.ts';
import { Bzip2Pool } from './bzip2-pool.ts';
import { cut } from './hadoop-blocks.ts';

/** A little less than what fits into one block of bzip2 at its highest level. */
const STREAM_BYTES = 899_000;

/** A stream that holds nothing: Flume's writer leaves one at the end of each file. */
const EMPTY_STREAM = Buffer.from('425a683917724538509000000000', 'hex');

const pool = new Bzip2Pool();

/** bzip2 at its highest level, as Hadoop's. The optional package bzip2-wasm does it, in two threads of its own: 12 MB/s each. */
export const bzip2: Codec = {
  name: 'bzip2',
  hadoopClass: 'org.apache.hadoop.io.compress.BZip2Codec',
  extension: '.bz2',
  needsPackage: 'bzip2-wasm',
  end: EMPTY_STREAM,
  async compress(unit) {
    const parts = cut(unit, STREAM_BYTES);
    if (parts.length === 0) return [EMPTY_STREAM];
    return await Promise.all(parts.map((part) => pool.compress(part)));
  },
};
