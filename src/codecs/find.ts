import type { Codec } from '../component/codec.ts';
import { nearest } from '../options/nearest.ts';
import type { Parsed } from '../options/option.ts';
import { bzip2 } from './bzip2.ts';
import { defaultCodec, deflate } from './deflate.ts';
import { gzip } from './gzip.ts';
import { lz4 } from './lz4.ts';
import { snappy } from './snappy.ts';
import { zstandard } from './zstandard.ts';

/** Every codec there is. */
export const codecs: readonly Codec[] = [gzip, bzip2, deflate, defaultCodec, snappy, lz4, zstandard];

/** Names that are not made of a class name. */
const OTHER_NAMES: Readonly<Record<string, Codec>> = { zstd: zstandard };

/**
 * The codec of a name in a configuration: Hadoop's class with or without its package, that without `Codec`, or one of ours, in any case.
 * `none` gives no codec. An unknown name gives what is wrong with it, and the nearest that there is; so does a
 * codec whose optional package is missing.
 */
export function findCodec(name: string): Parsed<Codec | undefined> {
  const wanted = name.trim().toLowerCase();
  if (wanted === 'none') return { value: undefined };
  const found = codecs.find((codec) => namesOf(codec).includes(wanted)) ?? OTHER_NAMES[wanted];
  if (found !== undefined) {
    if (found.needsPackage === undefined || isInstalled(found.needsPackage)) return { value: found };
    return {
      problem: `the codec ${found.name} needs the package ${found.needsPackage}`,
      hint: `npm install ${found.needsPackage}`,
    };
  }
  const names = ['none', ...codecs.map((codec) => codec.name)];
  const near = nearest(simpleName(wanted).replace(/codec$/, ''), names);
  return {
    problem: `"${name}" is not a known codec`,
    hint: near === undefined ? `one of ${names.join(', ')}` : `did you mean ${near}?`,
  };
}

/** Whether a package is there to be imported. */
export function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function simpleName(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}

function namesOf(codec: Codec): readonly string[] {
  const className = codec.hadoopClass.toLowerCase();
  const simple = simpleName(className);
  return [codec.name, className, simple, simple.replace(/codec$/, '')];
}
