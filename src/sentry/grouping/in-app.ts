import type { FrameFacts } from './frame-facts.ts';

/**
 * Whether a frame is of the application: what the SDK says, but never code of libraries, for which SDKs say yes too easily. A frame of which
 * the SDK says nothing is not.
 */
export function isInApp(frame: FrameFacts): boolean {
  if (frame.inApp !== true) return false;
  const { path, module, functionName, platform } = frame;
  if (path !== undefined && LIBRARY_PATH.test(path)) return false;
  if (module !== undefined && platform === 'java' && JAVA_LIBRARY.test(module)) return false;
  if (frame.package !== undefined && SYSTEM_PACKAGE.test(frame.package)) return false;
  return !(frame.family === 'native' && functionName !== undefined && RUST_LIBRARY.test(functionName));
}

const LIBRARY_PATH =
  /(?:^|[\\/])(?:site-packages|dist-packages|node_modules|vendor|go[\\/]pkg[\\/]mod)[\\/]|^\/usr\/lib\d*\/|^(?:\/rustc\/|library\/(?:std|core|alloc)\/)/;
const JAVA_LIBRARY =
  /^(?:java|javax|jdk|sun|com\.sun|android|androidx|com\.android|kotlin|kotlinx|scala|groovy|clojure|org\.springframework|org\.apache)\./;
const SYSTEM_PACKAGE = /^\/(?:usr\/lib\d*|lib\d*|System\/Library|system\/lib\d*)\//;
const RUST_LIBRARY = /^<?(?:std|core|alloc)::/;
