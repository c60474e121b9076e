import { posix, resolve as resolveLocal } from 'node:path';
import type { FileSystem, FileSystemContext, FileSystemDeclaration } from '../component/file-system.ts';
import { SluiceError } from '../errors.ts';
import { nearest } from '../options/nearest.ts';

/** Scheme, authority and path of a URL as Hadoop splits it: nothing in the path is escaped or decoded. */
const URL_PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/]*))?(.*)$/s;

/** The file systems of an agent: each is opened when it is first asked for, and once. */
export interface FileSystems {
  /**
   * The file system of a URL or path, and the absolute path in it (`.`, `..`, doubled and closing slashes are resolved). Without a scheme it
   * lies in `fs.defaultFS`, else on the local disk. A relative path starts in the user's home folder of that file system (`/user/NAME`), on
   * the local disk in the working folder.
   * @throws SluiceError CONFIG_INVALID
   */
  resolve(url: string): { readonly fileSystem: FileSystem; readonly path: string };
  /** Closes all that were opened. */
  close(): Promise<void>;
}

export interface FileSystemsSettings {
  readonly declarations: readonly FileSystemDeclaration[];
  readonly context: FileSystemContext;
}

interface Location {
  /** In lower case, without the colon. */
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

/** Prepares the file systems of an agent; none is opened yet. */
export function openFileSystems({ declarations, context }: FileSystemsSettings): FileSystems {
  const opened = new Map<string, FileSystem>();
  let warned = false;

  function locate(url: string): Location {
    const parts = URL_PARTS.exec(url);
    if (parts !== null) return complete(parts[1].toLowerCase(), parts[2] ?? '', parts[3], url);
    const setting = defaultFileSystem(context);
    if (setting !== undefined) return { ...setting, path: url };
    if (!warned) {
      warned = true;
      context.log.warn(
        `${url} has no scheme and there is no fs.defaultFS (core-site.xml in HADOOP_CONF_DIR or the folder of -c): files go to the local disk, ${resolveLocal(url)}`,
      );
    }
    return { scheme: 'file', authority: '', path: url };
  }

  /** Hadoop takes a URL without an authority (`webhdfs:///x`) to mean that of fs.defaultFS, if the scheme is the same. */
  function complete(scheme: string, authority: string, path: string, url: string): Location {
    if (scheme === 'file') {
      if (authority === '') return { scheme, authority, path };
      throw new SluiceError('CONFIG_INVALID', `${url}: a local file has no host; write file:///${authority}${path}`);
    }
    if (authority !== '') return { scheme, authority, path };
    const setting = defaultFileSystem(context);
    if (setting?.scheme === scheme) return { scheme, authority: setting.authority, path };
    return { scheme, authority, path };
  }

  function open(location: Location, url: string): FileSystem {
    const { scheme, authority } = location;
    const key = `${scheme}://${authority}`;
    const known = opened.get(key);
    if (known !== undefined) return known;
    const declaration = declarations.find(({ schemes }) => schemes.includes(scheme));
    if (declaration === undefined) throw unknownScheme(location, url);
    if (scheme !== 'file' && authority === '') {
      throw new SluiceError('CONFIG_INVALID', `${url}: no host; write ${scheme}://HOST:PORT/PATH`);
    }
    if (authority.includes('@')) {
      throw new SluiceError('CONFIG_INVALID', `${url}: a user in the URL is not used; set HADOOP_USER_NAME`);
    }
    const base = URL.parse(`${key}/`);
    if (base === null) throw new SluiceError('CONFIG_INVALID', `${url}: ${authority} is no host and port`);
    const fileSystem = declaration.open(base, context);
    opened.set(key, fileSystem);
    return fileSystem;
  }

  function unknownScheme(location: Location, url: string): SluiceError {
    const { scheme } = location;
    const known = declarations.flatMap(({ schemes }) => schemes);
    if (scheme === 'hdfs') {
      const instead = `${webHdfsAddress(location.authority, context.hadoop)}${absolute(location, context.user)}`;
      return new SluiceError(
        'CONFIG_INVALID',
        `${url}: hdfs: (the native protocol) is not supported; write ${instead} (the HTTP port of the same NameNode)`,
      );
    }
    const near = nearest(scheme, known);
    const hint = near === undefined ? '' : `; did you mean ${near}:?`;
    return new SluiceError('CONFIG_INVALID', `${url}: unknown scheme ${scheme}: (known: ${known.join(', ')})${hint}`);
  }

  return {
    resolve(given) {
      // A password must not reach an error or a log line; no file system here takes one from the URL.
      const url = given.replace(/^([^/]*:\/\/)[^/]*@/, '$1…@');
      if (url === '') throw new SluiceError('CONFIG_INVALID', 'a path is empty');
      const location = locate(url);
      return { fileSystem: open(location, url), path: absolute(location, context.user) };
    },
    async close() {
      const all = [...opened.values()];
      opened.clear();
      await Promise.all(all.map((fileSystem) => fileSystem.close()));
    },
  };
}

function defaultFileSystem({ hadoop }: FileSystemContext): Location | undefined {
  const value = (hadoop.get('fs.defaultFS') ?? hadoop.get('fs.default.name'))?.trim();
  if (value === undefined || value === '') return undefined;
  const parts = URL_PARTS.exec(value);
  if (parts === null) throw new SluiceError('CONFIG_INVALID', `fs.defaultFS is ${value}, which has no scheme`);
  return { scheme: parts[1].toLowerCase(), authority: parts[2] ?? '', path: '/' };
}

function absolute({ scheme, path }: Location, user: string): string {
  if (scheme === 'file') return resolveLocal(path === '' ? '/' : path);
  const normal = posix.normalize(path.startsWith('/') || path === '' ? `/${path}` : `/user/${user}/${path}`);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** Where the NameNode of an `hdfs:` URL most likely serves WebHDFS: as hdfs-site.xml says, else at Hadoop's default port. */
function webHdfsAddress(authority: string, hadoop: ReadonlyMap<string, string>): string {
  const host = authority.replace(/:\d+$/, '');
  const secure = hadoop.get('dfs.http.policy') === 'HTTPS_ONLY';
  const key = secure ? 'dfs.namenode.https-address' : 'dfs.namenode.http-address';
  const first = hadoop.get(`dfs.ha.namenodes.${host}`)?.split(',')[0]?.trim();
  const logical = first !== undefined && first !== '';
  const address = hadoop.get(logical ? `${key}.${host}.${first}` : key)?.trim();
  const [namedHost, port = secure ? '9871' : '9870'] = address?.split(':') ?? [];
  const fallback = logical || host === '' ? 'NAMENODE' : host;
  const name = namedHost === undefined || namedHost === '' || namedHost === '0.0.0.0' ? fallback : namedHost;
  return `${secure ? 'swebhdfs' : 'webhdfs'}://${name}:${port}`;
}
