import { type Fields, fieldsOf, isFields } from '../payload.ts';
import { addFrame, isUrl } from './frame.ts';
import { type FrameFacts, frameFacts } from './frame-facts.ts';
import { isOfLibrary } from './in-app.ts';
import { Inputs } from './inputs.ts';
import { isLeftOut } from './left-out.ts';

/** `app`: frames of the application alone; `system`: all frames. */
export type Variant = 'app' | 'system';

/** Of longer stacks the oldest and the latest frames count, as Relay cuts them. */
const OLDEST_FRAMES = 10;
const LATEST_FRAMES = 240;

/** Frames that are the same in all of these are the same call again. */
const SAME_CALL = ['abs_path', 'package', 'module', 'filename', 'function', 'lineno', 'colno'] as const;

/** The frames of a stack trace that may count. */
export function groupedFrames(stacktrace: unknown): readonly unknown[] {
  const frames = fieldsOf(stacktrace)?.['frames'];
  if (!Array.isArray(frames)) return [];
  if (frames.length <= OLDEST_FRAMES + LATEST_FRAMES) return frames;
  return [...frames.slice(0, OLDEST_FRAMES), ...frames.slice(-LATEST_FRAMES)];
}

/** What the frames say in one variant; empty when none counts. */
export function stackInputs(stacktrace: unknown, platform: string, variant: Variant): Inputs {
  const inputs = new Inputs();
  const frames = groupedFrames(stacktrace);
  let previous: Fields | undefined;
  for (const frame of frames) {
    if (!isFields(frame)) continue;
    const before = previous;
    previous = frame;
    // A frame of which the SDK says nothing is not of the application.
    if (variant === 'app' && frame['in_app'] !== true) continue;
    if (before !== undefined && isSameCall(frame, before)) continue;
    const facts = frameFacts(frame, platform);
    if (variant === 'app' && isOfLibrary(facts)) continue;
    if (isLeftOut(facts) || (frames.length === 1 && isLoneUrl(facts))) continue;
    addFrame(facts, inputs);
  }
  return inputs;
}

function isSameCall(frame: Fields, before: Fields): boolean {
  for (const key of SAME_CALL) if ((frame[key] ?? null) !== (before[key] ?? null)) return false;
  return true;
}

/** A page without a function says nothing of the error. */
function isLoneUrl({ family, functionName, path }: FrameFacts): boolean {
  return family === 'javascript' && functionName === undefined && isUrl(path, true);
}
