import type { FrameFacts } from './frame-facts.ts';

/** Whether a frame that the SDK takes for the application's is of a library after all: SDKs say yes too easily. */
export function isOfLibrary({ path, module, functionName, platform, family, package: file }: FrameFacts): boolean {
  if (path !== undefined && LIBRARY_PATH.test(path)) return true;
  if (module !== undefined && platform === 'java' && JAVA_LIBRARY.test(module)) return true;
  if (file !== undefined && SYSTEM_PACKAGE.test(file)) return true;
  return family === 'native' && functionName !== undefined && RUST_LIBRARY.test(functionName);
}

const LIBRARY_PATH =
  /(?:^|[\\/])(?:site-packages|dist-packages|node_modules|vendor|go[\\/]pkg[\\/]mod)[\\/]|^\/usr\/lib\d*\/|^(?:\/rustc\/|library\/(?:std|core|alloc)\/)/;
const JAVA_LIBRARY =
  /^(?:java|javax|jdk|sun|com\.sun|android|androidx|com\.android|kotlin|kotlinx|scala|groovy|clojure|org\.springframework|org\.apache)\./;
const SYSTEM_PACKAGE = /^\/(?:usr\/lib\d*|lib\d*|System\/Library|system\/lib\d*)\//;
const RUST_LIBRARY = /^<?(?:std|core|alloc)::/;
