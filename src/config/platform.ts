import { arch, availableParallelism, homedir, release, type as systemName, tmpdir, userInfo } from 'node:os';
import { cwd, versions } from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Java's names of processors. */
function javaArch(): string {
  const known: Record<string, string> = { x64: 'amd64', arm64: 'aarch64' };
  return known[arch()] ?? arch();
}

/** The user's name; a container may run as a user that has none. */
function userName(env: Environment): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return env['USER'];
  }
}

/** Those system properties that Java sets by itself and that make sense in a configuration: `user.home`, `java.io.tmpdir`, … */
export function standardSystemProperty(name: string, env: Environment): string | undefined {
  switch (name) {
    case 'user.home':
      return env['HOME'] ?? homedir();
    case 'user.name':
      return userName(env);
    case 'user.dir':
      return cwd();
    case 'java.io.tmpdir':
      return tmpdir();
    case 'os.name':
      return systemName();
    case 'os.version':
      return release();
    case 'os.arch':
      return javaArch();
    case 'file.separator':
      return '/';
    case 'path.separator':
      return ':';
    case 'line.separator':
      return '\n';
    default:
      return undefined;
  }
}

const PLATFORM: Record<string, (env: Environment) => string> = {
  version: () => `Node.js version ${versions.node}`,
  runtime: () => `Node.js (build ${versions.node}) from the OpenJS Foundation`,
  vm: () => `V8 (build ${versions.v8})`,
  os: () => `${systemName()} ${release()}, architecture: ${javaArch()}-64`,
  hardware: () => `processors: ${availableParallelism()}, architecture: ${javaArch()}-64`,
  locale: (env) =>
    `default locale: ${(env['LC_ALL'] ?? env['LANG'] ?? 'en_US').replace(/\..*/, '')}, platform encoding: UTF-8`,
};

/** What `${java:NAME}` stands for, in the form of commons-text but with what really runs here; or the names that there are. */
export function platformValue(name: string, env: Environment): string | { readonly known: readonly string[] } {
  return Object.hasOwn(PLATFORM, name) ? PLATFORM[name]!(env) : { known: Object.keys(PLATFORM) };
}
