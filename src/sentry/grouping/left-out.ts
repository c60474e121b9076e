import type { FrameFacts } from './frame-facts.ts';

/** Whether a frame never counts: those of Sentry's SDKs, of run times and of helpers that compilers put in come and go with their versions. */
export function isLeftOut(frame: FrameFacts): boolean {
  const { path, module, functionName, family, platform } = frame;
  if (path !== undefined && LEFT_OUT_PATH.test(path)) return true;
  if (module !== undefined && LEFT_OUT_MODULE.test(module)) return true;
  if (functionName === undefined) return false;
  if (family === 'javascript') return JAVASCRIPT_FUNCTION.test(functionName);
  if (family === 'native') return NATIVE_FUNCTION.test(functionName);
  return platform === 'php' && functionName.startsWith('Sentry\\');
}

const LEFT_OUT_PATH =
  /[\\/](?:@sentry(?:-internal)?|sentry_sdk|raven-js|@babel|core-js|tslib|vendor[\\/]sentry|sentry-go@[^\\/]*|gems[\\/]sentry-[a-z]+-[^\\/]*)[\\/]/;
const LEFT_OUT_MODULE =
  /^(?:sentry_sdk(?:\.|$)|raven\.|@sentry(?:-internal)?[./]|@babel[./]|core-js[./]|tslib(?:[.:/]|$)|io\.sentry\.(?!samples?\.)|Sentry(?:\.|\\|$)|github\.com\/getsentry\/sentry-go)/;
const JAVASCRIPT_FUNCTION = /^(?:.*\.)?(?:processTicksAndRejections|sentryWrapped)$/;
const NATIVE_FUNCTION = /^(?:[-+]\[Sentry[A-Z]|sentry__|<?sentry(?:_[a-z]+)?::)/;
