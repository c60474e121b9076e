import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { type Family, familyOf } from './platforms.ts';

/** What the rules look at in a frame. */
export interface FrameFacts {
  readonly platform: string;
  readonly family: Family;
  readonly module: string | undefined;
  /** The path that is shown; where it is missing the whole path, as Relay does. */
  readonly filename: string | undefined;
  /** The whole path or URL; where it is missing the one that is shown. */
  readonly path: string | undefined;
  readonly functionName: string | undefined;
  readonly rawFunction: string | undefined;
  readonly package: string | undefined;
  readonly contextLine: string | undefined;
  readonly sourceMapped: boolean;
}

/** @param platform of the event, for frames without one of their own */
export function frameFacts(frame: Fields, platform: string): FrameFacts {
  const filename = textOf(frame['filename']);
  const path = textOf(frame['abs_path']);
  const own = textOf(frame['platform']) ?? platform;
  const data = frame['data'];
  return {
    platform: own,
    family: familyOf(own),
    module: textOf(frame['module']),
    filename: filename ?? path,
    path: path ?? filename,
    functionName: textOf(frame['function']),
    rawFunction: textOf(frame['raw_function']),
    package: textOf(frame['package']),
    contextLine: textOf(frame['context_line']),
    sourceMapped: data !== undefined && (fieldsOf(data)?.['sourcemap'] ?? null) !== null,
  };
}
