import { readFile as readFromDisk, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../errors.ts';
import { MAX_FILE_BYTES } from './properties.ts';

export type ReadFile = (path: string) => Promise<Buffer>;

/** Credentials for `http:` addresses of configurations. */
export interface HttpLogin {
  readonly user: string;
  readonly password: string;
}

const HTTP_TIMEOUT = 30_000;

/**
 * The bytes of a configuration file.
 *
 * @param readFile for tests
 * @throws SluiceError CONFIG_UNREADABLE: missing, no permission, a folder, too large
 */
export async function readConfigFile(path: string, readFile: ReadFile = readRegularFile): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const known: Record<string, string> = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      EACCES: 'permission denied',
      EPERM: 'permission denied',
      EISDIR: 'it is a folder',
      ELOOP: 'its symbolic links go round in a circle',
      ENAMETOOLONG: 'the name is too long',
    };
    throw new SluiceError('CONFIG_UNREADABLE', `${path}: ${known[code ?? ''] ?? (error as Error).message}`, error);
  }
}

async function readRegularFile(path: string): Promise<Buffer> {
  const status = await stat(path);
  if (status.isDirectory()) throw new SluiceError('CONFIG_UNREADABLE', `${path}: it is a folder`);
  if (status.size > MAX_FILE_BYTES) {
    throw new SluiceError('CONFIG_UNREADABLE', `${path} has ${status.size} bytes; at most ${MAX_FILE_BYTES} are read`);
  }
  // A pipe (`-f <(generate)`) has no size and is read to its end; a device might have none.
  if (!status.isFile() && !status.isFIFO()) throw new SluiceError('CONFIG_UNREADABLE', `${path}: it is no file`);
  return readFromDisk(path);
}

/** What messages call an address: without user, password and query, which may hold secrets. */
export function addressName(uri: string): string {
  const url = URL.parse(uri);
  return url === null || url.origin === 'null' ? uri : `${url.origin}${url.pathname}`;
}

/**
 * The bytes behind a `file:`, `http:` or `https:` address.
 *
 * @param login for `http:` and `https:`; a user in the address itself goes before it
 * @throws SluiceError CONFIG_UNREADABLE
 */
export async function readConfigUri(uri: string, login?: HttpLogin, readFile?: ReadFile): Promise<Buffer> {
  const url = URL.parse(uri);
  if (url === null) throw new SluiceError('CONFIG_UNREADABLE', `"${uri}" is not an address; give a file with -f`);
  switch (url.protocol) {
    case 'file:':
      return readConfigFile(fileURLToPath(url), readFile);
    case 'http:':
    case 'https:':
      return readHttp(url, login);
    default:
      throw new SluiceError('CONFIG_UNREADABLE', `${uri}: ${url.protocol} is not read; file:, http: and https: are`);
  }
}

async function readHttp(url: URL, login: HttpLogin | undefined): Promise<Buffer> {
  const name = addressName(url.href);
  const headers = new Headers();
  try {
    const user = url.username === '' ? login?.user : decodeURIComponent(url.username);
    const password = url.username === '' ? login?.password : decodeURIComponent(url.password);
    url.username = '';
    url.password = '';
    if (user !== undefined) {
      headers.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
    }
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(HTTP_TIMEOUT) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new SluiceError('CONFIG_UNREADABLE', `${name}: the server answers ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > MAX_FILE_BYTES) {
        throw new SluiceError('CONFIG_UNREADABLE', `${name} has more than ${MAX_FILE_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('CONFIG_UNREADABLE', `${name} cannot be fetched`, error);
  }
}
