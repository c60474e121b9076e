import type { FrameFacts } from './frame-facts.ts';
import type { Inputs } from './inputs.ts';
import { cleanJavaModule, isJavaLambda } from './java-names.ts';
import { bareNativeFunction } from './native-names.ts';
import { usesContextLines } from './platforms.ts';

/** Longer lines are minified or generated. */
const LONGEST_CONTEXT_LINE = 120;

/** Adds what a frame has to say: module or else file, function, line of source code. Line numbers never count. */
export function addFrame(frame: FrameFacts, inputs: Inputs): void {
  if (frame.family === 'javascript' && isLowQuality(frame)) return;
  const module = moduleOf(frame);
  if (module !== undefined) inputs.add(module, 'module');
  else {
    const file = fileOf(frame);
    if (file !== undefined) inputs.add(file, 'filename');
  }
  const line = contextLineOf(frame);
  const name = functionOf(frame);
  // Names that source maps give are of the wrong scope too often.
  if (name !== undefined && !(frame.family === 'javascript' && frame.sourceMapped && line !== undefined)) {
    inputs.add(name, 'function');
  }
  if (line !== undefined) inputs.add(line, 'context line');
}

/** Whether a path is an address of code that a browser has loaded. */
export function isUrl(path: string | undefined, filesCount: boolean): boolean {
  return path !== undefined && (WEB_ORIGIN.test(path) || (filesCount && path.startsWith('file:')));
}

const WEB_ORIGIN = /^(?:https?|blob|applewebdata):/;

function moduleOf({ module, platform, path }: FrameFacts): string | undefined {
  if (module === undefined) return undefined;
  if (platform === 'java') return isJavaLambda(module) ? undefined : cleanJavaModule(module);
  // A path that an SDK took for a module.
  if (platform === 'javascript' && module.includes('/') && path?.endsWith(module)) return undefined;
  return module;
}

function fileOf({ filename, path, platform }: FrameFacts): string | undefined {
  if (filename === undefined || isUrl(path, false)) return undefined;
  const slash = Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\'));
  const name = filename.slice(slash + 1).toLowerCase();
  if (name === '' || name === '<anonymous>' || name === '[native code]') return undefined;
  return platform === 'java' ? cleanJavaModule(name) : name;
}

const NAMELESS: ReadonlySet<string> = new Set(['?', '<anonymous>', '<anonymous function>', 'Anonymous function']);
const ERB_SUFFIX = /__\d{4,}_\d{4,}$/;

function functionOf({ functionName, rawFunction, platform, family }: FrameFacts): string | undefined {
  const name = platform === 'csharp' ? (rawFunction ?? functionName) : (functionName ?? rawFunction);
  if (name === undefined) return undefined;
  if (family === 'javascript') {
    const last = lastPart(name);
    return last === '' || NAMELESS.has(last) || last.endsWith('/<') ? undefined : last;
  }
  if (family === 'native') {
    if (name === '<redacted>' || name === '<unknown>') return undefined;
    // With a raw name beside it, it has been trimmed before.
    return rawFunction === undefined ? bareNativeFunction(name) : name;
  }
  switch (platform) {
    case 'java':
      return name.startsWith('lambda$') ? undefined : name;
    case 'ruby':
      return name.startsWith('block ') ? 'block' : name.replace(ERB_SUFFIX, '');
    case 'php':
      return phpFunction(name);
    case 'csharp':
      return rawFunction === undefined ? name.split(' (', 1)[0]! : name;
    default:
      return name;
  }
}

function phpFunction(name: string): string | undefined {
  if (name.startsWith('class@anonymous')) {
    const colons = name.lastIndexOf('::');
    return colons < 0 ? undefined : name.slice(colons + 2);
  }
  return name.startsWith('[Anonymous') ? undefined : name;
}

/** `users.find` of `Api.users.find` is `find`: browsers do not agree on what stands before. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

const NO_SOURCE: ReadonlySet<string> = new Set(['[native code]', 'native code', 'eval code', '<anonymous>']);

/** Frames that one browser has and another has not. */
function isLowQuality({ functionName, rawFunction, path }: FrameFacts): boolean {
  const name = rawFunction ?? functionName;
  return (name !== undefined && lastPart(name) === 'eval') || (path !== undefined && NO_SOURCE.has(path));
}

const NEEDS_FOLDING = /\s\s|[^\S ]/;

function contextLineOf({ contextLine, platform, family, functionName, path }: FrameFacts): string | undefined {
  if (contextLine === undefined || contextLine.length > LONGEST_CONTEXT_LINE || !usesContextLines(platform)) {
    return undefined;
  }
  if (family === 'javascript' && functionName === undefined && isUrl(path, true)) return undefined;
  const line = contextLine.trim();
  if (line === '') return undefined;
  return NEEDS_FOLDING.test(line) ? line.replace(/\s+/g, ' ') : line;
}
